extern const int only_data[2];
int other(int n);
int resolved(int n);
