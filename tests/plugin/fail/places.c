/* Places where an attribute may be written: the caret finds it in each. */
#include <deep_profile.h>

__attribute__((profile("rate=0.5, strategy=cals"))) int in_a_string(void);
/* error 44: 'cals' is not a strategy: expected sample, time, call_graph, calls, memory, flame_graph, eprof, fprof or cprof; did you mean 'calls'? */

__attribute__((noinline, __profile__("rate=" /* joined */ "0.5, "
                                     "durations=3s"))) int in_strings(void);
/* error 39: profile has no option 'durations': expected threshold, strategy, rate, duration, env, enabled, async, emit_metrics, check_load, output, format or metadata; did you mean 'duration'? */

int suffixed(int (*callback)(int a, int b)) DEEP_PROFILE(rate=1.5);
/* error 63: rate '1.5' is outside 0 to 1 */

int *DEEP_PROFILE(rate=1.5) behind_the_star(void);
/* error 24: rate '1.5' is outside 0 to 1 */

DEEP_PROFILE(env=prod) DEEP_PROFILE_CALLS(env=prd) DEEP_PROFILE_MEMORY() int one_of_three(void);
/* error 47: 'prd' is not an environment: expected dev, test or prod; did you mean 'prod'? */

DEEP_PROFILE(rate=0.5) int right(void); DEEP_PROFILE(rate=1.5) int wrong(void);
/* error 59: rate '1.5' is outside 0 to 1 */

DEEP_PROFILE(metadata = "why:a, b", /* what, now */
             rate = // so much
             0.5x)
/* error 14: rate '0.5x' is not a number from 0 to 1 */
static inline int
over_lines(void)
{
    return 0;
}

#define HOT DEEP_PROFILE(rate=1.25)
/* error 31: rate '1.25' is outside 0 to 1 */

HOT int by_own_macro(void);

#define AT(r) DEEP_PROFILE(rate=r)

AT(1.75) int by_macro_with_argument(void);
/* error 14: rate '1.75' is outside 0 to 1 */

#include "places.h"
