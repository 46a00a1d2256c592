/* Of declarations.c: one attribute, twice the same, on declarations only. */
DEEP_PROFILE(rate=0.25) int in_header(int n);
DEEP_PROFILE(rate=0.25) int in_header(int n);
int plain(int n);
DEEP_PROFILE() int never_defined(int n);
