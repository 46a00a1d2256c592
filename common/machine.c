/* See machine.h. */
#include "machine.h"

uint64_t dp_machine(const char *boot_id, uint64_t pid_namespace)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ pid_namespace;
    for (const char *c = boot_id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return *boot_id ? hash : 0;
}
