/* Processor features, asked once when the runtime starts. */
#include "arch.h"

#include <cpuid.h>

bool dp_has_xsave;

void dp_arch_init(void)
{
    unsigned a, b, c, d;
    dp_has_xsave = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE);
}

/* CPUID 8000_0007, EDX bit 8: the counter runs at one rate in all P-, C- and
 * T-states (Intel SDM vol. 3, 18.17.1; AMD APM vol. 2, 13.2.4). */
bool dp_arch_tsc_invariant(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
}
