/* Identifies the run of the kernel that a process number belongs to. */
#ifndef DP_COMMON_MACHINE_H
#define DP_COMMON_MACHINE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A process number is valid in one run of one kernel, in one pid namespace. This is the
 * FNV-1a hash of the text of /proc/sys/kernel/random/boot_id and the inode of
 * /proc/self/ns/pid. 0: not known, if `boot_id` is empty. A reader on another machine must
 * not look for the process.
 */
uint64_t dp_machine(const char *boot_id, uint64_t pid_namespace);

#ifdef __cplusplus
}
#endif

#endif
