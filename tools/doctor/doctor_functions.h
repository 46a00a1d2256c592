/* What a log says about each function: whether its attributes are in force, and why it has no
 * samples. */
#ifndef DP_TOOLS_DOCTOR_FUNCTIONS_H
#define DP_TOOLS_DOCTOR_FUNCTIONS_H

#include "findings.h"
#include "model/profile.h"

/* Adds findings about the functions of a profile. */
void dp_doctor_functions(struct dp_doctor *doctor, const struct dp_profile *profile);

#endif
