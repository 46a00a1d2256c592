/* Mistakes inside the options: the caret is on the bad word. The comment below a line is
 * the message expected for it, with its column. */
#include <deep_profile.h>

DEEP_PROFILE(async=true, rtae=0.5) int unknown_key(void);
/* error 26: profile has no option 'rtae': expected threshold, strategy, rate, duration, env, enabled, async, emit_metrics, check_load, output, format or metadata; did you mean 'rate'? */

DEEP_PROFILE(colour=red) int far_from_any_key(void);
/* error 14: profile has no option 'colour': expected threshold, strategy, rate, duration, env, enabled, async, emit_metrics, check_load, output, format or metadata */

DEEP_PROFILE_CALLS(rate=0.5) int key_of_another_attribute(void);
/* error 20: profile_calls has no option 'rate': expected env, enabled, emit_metrics or metadata */

DEEP_PROFILE(strategy=callgraph) int unknown_strategy(void);
/* error 23: 'callgraph' is not a strategy: expected sample, time, call_graph, calls, memory, flame_graph, eprof, fprof or cprof; did you mean 'call_graph'? */

DEEP_PROFILE(env=dev|tset) int unknown_env(void);
/* error 22: 'tset' is not an environment: expected dev, test or prod; did you mean 'test'? */

DEEP_PROFILE_IF_SLOW(500msec) int unknown_unit(void);
/* error 25: unknown unit 'msec' in threshold '500msec': expected ns, us, ms, s or min; did you mean 'ms'? */

DEEP_PROFILE_MEMORY(threshold=10Mb) int unknown_size(void);
/* error 33: unknown unit 'Mb' in threshold '10Mb': expected B, KB, MB or GB; did you mean 'MB'? */

DEEP_PROFILE(rate=1.5) int rate_above_1(void);
/* error 19: rate '1.5' is outside 0 to 1 */

DEEP_PROFILE(rate=-0.5) int rate_below_0(void);
/* error 19: rate '-0.5' is outside 0 to 1 */

DEEP_PROFILE(rate=50%) int rate_in_percent(void);
/* error 19: rate '50%' is not a number from 0 to 1; did you mean '0.5'? */

DEEP_PROFILE_PRODUCTION(rate=0.1, sample_rate=0.1) int both_rates(void);
/* error 35: rate and sample_rate are one option: give only one of them */

DEEP_PROFILE_IF_SLOW(-5ms) int negative_threshold(void);
/* error 22: threshold '-5ms' is negative */

DEEP_PROFILE_IF_SLOW(0) int zero_threshold(void);
/* error 22: threshold '0' is zero */

DEEP_PROFILE(duration=2000min) int absurd_duration(void);
/* error 23: duration '2000min' is above its most, 1440min */

DEEP_PROFILE(duration=99999999999999999999s) int overflow(void);
/* error 23: duration '99999999999999999999s' is too large */

DEEP_PROFILE_IF_SLOW() int no_threshold(void);
/* error 1: profile_if_slow needs a threshold */

DEEP_PROFILE(rate=0.5, async=true, rate=0.5) int twice(void);
/* error 36: 'rate' is given twice */

DEEP_PROFILE_FLAME_GRAPH(format=svg, output=x.html) int two_formats(void);
/* error 26: format=svg contradicts output 'x.html' */

DEEP_PROFILE(output=x.svg) int output_of_nothing(void);
/* error 14: output is for strategy=flame_graph only */

DEEP_PROFILE(strategy=calls, rate=0.5) int exact_by_chance(void);
/* error 30: rate contradicts strategy=calls, which counts every call */

DEEP_PROFILE(enabled=flase) int misspelt_switch(void);
/* error 22: enabled 'flase' is neither true, false nor the name of an environment variable; did you mean 'false'? */

DEEP_PROFILE(check_load=maybe) int no_switch(void);
/* error 25: check_load 'maybe' is neither true nor false */

DEEP_PROFILE(metadata=team) int no_value(void);
/* error 23: metadata 'team' is not key:value */

DEEP_PROFILE(0.5) int no_key(void);
/* error 14: '0.5' is not an option: expected key=value; did you mean 'rate=0.5'? */

DEEP_PROFILE(rate) int no_equals(void);
/* error 14: 'rate' is not an option: expected key=value */

DEEP_PROFILE(rate=0.5,) int trailing_comma(void);
/* error 22: a comma without an option */

DEEP_PROFILE_FLAME_GRAPH(output="a b.svg", format=pdf) int after_a_quoted_value(void);
/* error 51: 'pdf' is not a format: expected svg, html or json */
