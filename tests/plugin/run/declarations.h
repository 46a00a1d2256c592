/* For declarations.c: attributes on declarations only, one of them twice with the same
 * options. */
DEEP_PROFILE(rate=0.25) int in_header(int n);
DEEP_PROFILE(rate=0.25) int in_header(int n);
int plain(int n);
DEEP_PROFILE() int never_defined(int n);
