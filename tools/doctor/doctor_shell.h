/* The environment that a program started from here would get. */
#ifndef DP_TOOLS_DOCTOR_SHELL_H
#define DP_TOOLS_DOCTOR_SHELL_H

#include <stdbool.h>

#include "findings.h"

/* Variables that look like settings but are not. */
void dp_doctor_unknown(struct dp_doctor *doctor);

/* A DEEP_PROFILE that is neither on, off nor a rule. The runtime treats it as off and
 * prints nothing, since it is a guest. */
void dp_doctor_mistaken(struct dp_doctor *doctor);

/* Everything in the environment that matters. */
void dp_doctor_shell(struct dp_doctor *doctor);

#endif
