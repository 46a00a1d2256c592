/* Names as people write them: of C++, Rust and D; without a copy's suffix. */
#ifndef DP_TOOLS_DEMANGLE_H
#define DP_TOOLS_DEMANGLE_H

/* "ns::f<int>" of "_ZN2ns1fIiEEvv.cold": without parameters, as our plugin names functions.
 * The caller frees it. */
char *dp_demangle(const char *name);

#endif
