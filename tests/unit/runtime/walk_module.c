/* A library that modules_test.c loads and unloads: built twice, with different code. */
int walk_module_calls(int (*function)(int), int x);

__attribute__((noinline)) int walk_module_calls(int (*function)(int), int x)
{
    volatile int room[WALK_MODULE_ROOM];
    room[x & 7] = x;
    return function(x + 1) + room[x & 7];
}
