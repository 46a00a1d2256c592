/* The pass of whole-program mode; see instrument_late.cc. */
#ifndef DP_INSTRUMENT_LATE_H
#define DP_INSTRUMENT_LATE_H

/* -fplugin-arg-deep_profile-all: instrument every function, annotated or not. */
extern bool dp_all;

void dp_register_late_pass(const char *plugin);

#endif
