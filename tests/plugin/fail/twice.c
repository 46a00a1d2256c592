/* The same attribute twice, with different options. */
#include <deep_profile.h>

DEEP_PROFILE(rate=0.5) DEEP_PROFILE(rate=0.6) int at_once(void);
/* error 24: 'profile' is on 'at_once' twice, with different options */
