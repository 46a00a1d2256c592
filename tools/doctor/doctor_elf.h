/* Program files: were they built with the plugin, is the runtime linked? Reads them
 * with libelf, runs nothing. */
#ifndef DP_TOOLS_DOCTOR_ELF_H
#define DP_TOOLS_DOCTOR_ELF_H

#include "findings.h"

/* A program, library or object file; or a folder of them. Returns 0, or an exit status
 * after a message that says why it cannot be read. */
int dp_doctor_file(struct dp_doctor *doctor, const char *path);
int dp_doctor_folder(struct dp_doctor *doctor, const char *path);

#endif
