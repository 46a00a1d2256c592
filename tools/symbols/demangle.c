/* See demangle.h. libiberty: what binutils, gdb and GCC itself use, and no library to load. */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The suffixes that GCC and clang add to the names of copies and parts of a function. */
static const char *const copies[] = {".cold",      ".part.",      ".isra.", ".constprop.",
                                     ".lto_priv.", ".localalias", ".llvm."};

static void strip_copies(char *name)
{
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
        char *at = strstr(name, copies[i]);
        if (at && at != name)
            *at = 0;
    }
}

char *dp_demangle(const char *name)
{
    char *plain = dp_copy(name);

    strip_copies(plain);
    char *demangled = *plain == '_' ? cplus_demangle(plain, DMGL_AUTO) : NULL;
    if (!demangled)
        return plain;
    free(plain);
    return demangled;
}
