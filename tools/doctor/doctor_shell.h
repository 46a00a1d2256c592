/* The environment that a program started from here would get. */
#ifndef DP_TOOLS_DOCTOR_SHELL_H
#define DP_TOOLS_DOCTOR_SHELL_H

#include <stdbool.h>

#include "findings.h"

/* Variables that look like settings but are none. */
void dp_doctor_unknown(struct dp_doctor *doctor);

/* All of the environment. `recording`: programs started from here are meant to be
 * profiled. */
void dp_doctor_shell(struct dp_doctor *doctor, bool recording);

#endif
