/* See losses.h. */
#include "losses.h"

const char *dp_loss_what(int reason)
{
    static const char *const what[] = {
#define DP_LOSS(id, name, what) what,
#include <deep_profile/losses.def>
    };

    return what[reason];
}
