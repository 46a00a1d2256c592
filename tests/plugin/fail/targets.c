/* An attribute on something that is not a function. */
#include <deep_profile.h>

DEEP_PROFILE(env=dev) int variable;
/* error 1: 'profile' belongs on a function, but 'variable' is a variable */

extern int (*pointer)(void) DEEP_PROFILE_IF_SLOW(1s);
/* error 29: 'profile_if_slow' belongs on a function, but 'pointer' is a pointer to a function */

struct DEEP_PROFILE_CALLS() structure {
    int first DEEP_PROFILE();
};
/* error 8 above 2: 'profile_calls' belongs on a function, but this is a type */
/* error 15 above 1: 'profile' belongs on a function, but 'first' is a member */

typedef int type DEEP_PROFILE_MEMORY();
/* error 18: 'profile_memory' belongs on a function, but 'type' is a typedef */

enum { enumerator DEEP_PROFILE_PRODUCTION() };
/* error 19: 'profile_production' belongs on a function, but 'enumerator' is an enumerator */

int function(int parameter DEEP_PROFILE_FLAME_GRAPH())
/* error 28: 'flame_graph' belongs on a function, but 'parameter' is a parameter */
{
    int local DEEP_PROFILE() = parameter;
    /* error 15: 'profile' belongs on a function, but 'local' is a variable */
label:
    DEEP_PROFILE();
    /* error 5: 'profile' belongs on a function, but 'label' is a label */
    if (local++ < 3)
        goto label;
    return local;
}
