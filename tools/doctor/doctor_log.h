/* What one log says about a profile that is missing or incomplete. */
#ifndef DP_TOOLS_DOCTOR_LOG_H
#define DP_TOOLS_DOCTOR_LOG_H

#include "findings.h"

/* Returns 0, or an exit status after a message that says why it cannot be read. */
int dp_doctor_log(struct dp_doctor *doctor, const char *path);

#endif
