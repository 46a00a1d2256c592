/* Names of system calls by their numbers, on the machine that the tool was built for. */
#ifndef DP_TOOLS_SYSCALL_NAMES_H
#define DP_TOOLS_SYSCALL_NAMES_H

#include <stdint.h>

/* "futex"; NULL: it is none in which a thread waits for something. */
const char *dp_syscall_name(int32_t number);

#endif
