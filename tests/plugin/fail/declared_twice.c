/* Two declarations that contradict each other. */
#include <deep_profile.h>

DEEP_PROFILE(rate=0.5) int declared(void);
/* note 1: the other is here */
DEEP_PROFILE(rate=0.25) int declared(void)
/* error 1: 'profile' is on 'declared' twice, with different options */
{
    return 3;
}

/* The same once more is fine. */
DEEP_PROFILE(rate=0.5) int same(void);
DEEP_PROFILE(rate=0.5) int same(void);
int same(void)
{
    return 3;
}
