/* Asking by name for something that is not built yet gives a warning. */
#include <deep_profile.h>

DEEP_PROFILE(strategy=sample) int stacks(void);
/* warning 23: strategy 'sample' is not built yet: each sampled call records its time, not stack samples */

DEEP_PROFILE(rate=0.5, strategy=eprof, env=dev) int times(void);
/* warning 33: strategy 'time' is not built yet: each sampled call records its time, not the time of each function below */

DEEP_PROFILE_IF_SLOW(1s, strategy=call_graph) int calls(void);
/* warning 35: strategy 'call_graph' is not built yet: each reported call records its time, not the call graph */

DEEP_PROFILE() int nothing_asked_for(void);
DEEP_PROFILE(strategy=flame_graph, output=x.svg) int picture(void);
DEEP_PROFILE_FLAME_GRAPH(duration=1s) int attribute(void);
DEEP_PROFILE(strategy=memory) int built(void);
DEEP_PROFILE(strategy=calls) int built_too(void);
