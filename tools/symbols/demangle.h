/* Demangles names of C++, Rust and D, and removes the suffix of a function's copy. */
#ifndef DP_TOOLS_DEMANGLE_H
#define DP_TOOLS_DEMANGLE_H

/* "ns::f<int>" of "_ZN2ns1fIiEEvv.cold": without parameters, as our plugin names functions.
 * The caller frees it. */
char *dp_demangle(const char *name);

#endif
