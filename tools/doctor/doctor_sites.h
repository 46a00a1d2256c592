/*
 * The names of the functions that a program's sites stand for, read from its
 * file: rules can be compared with them before anything runs.
 *
 * A site points to its descriptor and that to the name. In a position-independent
 * file such pointers are relocations, in others they are in the data. Object files
 * are left out: nothing has an address in them yet.
 */
#ifndef DP_TOOLS_DOCTOR_SITES_H
#define DP_TOOLS_DOCTOR_SITES_H

#include "findings.h"

/* Adds the functions of the sites in [address, address + bytes) of a program. */
typedef struct Elf Elf;
void dp_doctor_sites(struct dp_doctor *doctor, Elf *elf, uint64_t address, uint64_t bytes);

/* Finds rules of DEEP_PROFILE (`text`) that name none of these functions. */
void dp_doctor_rules(struct dp_doctor *doctor, const char *text);

#endif
