/*
 * GCC's own headers, in the order they need, and the only place that asks for
 * its version. Every source file of the plugin includes this first: GCC's
 * system.h forbids names that later C headers use.
 */
#ifndef DP_GCC_COMPAT_H
#define DP_GCC_COMPAT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gcc-plugin.h"
#include "plugin-version.h"

#include "tree.h"
#include "backend.h"
#include "gimple.h"
#include "gimple-iterator.h"
#include "gimple-predict.h"
#include "gimplify.h"
#include "backend.h"
#include "ssa.h"
#include "gimple-ssa.h"
#include "tree-cfg.h"
#include "tree-phinodes.h"
#include "tree-ssanames.h"
#include "cfghooks.h"
#include "cfgloop.h"
#include "dominance.h"
#include "memmodel.h"
#include "rtl.h"
#include "emit-rtl.h"
#include "function.h"
#include "cgraph.h"
#include "stringpool.h"
#include "attribs.h"
#include "diagnostic-core.h"
#include <diagnostic.h> // GCC's: there is one of ours beside this file
#include "fold-const.h"
#include "gcc-rich-location.h"
#include "input.h"
#if GCCPLUGIN_VERSION_MAJOR >= 16
#include "diagnostics/file-cache.h"
#endif
#include "langhooks.h"
#include "cpplib.h"
#include "stor-layout.h"
#include "tm.h"
#include "tree-iterator.h"
#include "tree-pass.h"
#include "context.h"
#include "varasm.h"
#include "output.h"
#include "file-prefix-map.h"

#if GCCPLUGIN_VERSION_MAJOR < 11 || GCCPLUGIN_VERSION_MAJOR > 16
#error "deep-profile's plugin knows GCC 11 to 16; plugin/meson.build lists them, too"
#endif

/* Demangles a C++ name. From libiberty, which is part of every compiler but whose header
 * (demangle.h) is not installed. Options 0: without parameters and result. Returns
 * malloc'ed text or NULL. */
extern "C" char *cplus_demangle_v3(const char *mangled, int options);
#define DP_DEMANGLE_NAME_ONLY 0

/* One line of a source file without its newline, from GCC's cache; NULL past the end of the
 * file. */
static inline const char *dp_source_line(const char *file, int line, size_t *length)
{
#if GCCPLUGIN_VERSION_MAJOR >= 16
    diagnostics::char_span span = global_dc->get_file_cache().get_source_line(file, line);
#elif GCCPLUGIN_VERSION_MAJOR >= 14
    char_span span = global_dc->get_file_cache().get_source_line(file, line);
#else
    char_span span = location_get_source_line(file, line);
#endif
    if (!span)
        return NULL;
    *length = span.length();
    return span.get_buffer();
}

/* The preprocessor of C and C++; lto1 has none. mkdeps.h is not installed. */
extern cpp_reader *parse_in __attribute__((weak));
extern void deps_add_dep(class mkdeps *, const char *) __attribute__((weak));

/* Adds a file to the dependencies that -MD and the like write; does nothing where nobody asked
 * for them. Only after the source was opened: it is the first of them. */
static inline void dp_add_dependency(const char *path)
{
    class mkdeps *dependencies = &parse_in && parse_in ? cpp_get_deps(parse_in) : NULL;
    if (dependencies && &deps_add_dep)
        deps_add_dep(dependencies, path);
}

/* Can inserted code jump to the thunks of abi/gate.h? TARGET_X32 is a macro of
 * the x86 target only; TARGET_64BIT is not. */
static inline bool dp_target_has_thunks(void)
{
#ifdef TARGET_X32
    return TARGET_64BIT && !TARGET_X32;
#else
    return false;
#endif
}

/* The type of a runtime function: it uses the system's calling convention even where -mabi=
 * changes that of the program's functions. */
static inline tree dp_by_system_abi(tree type)
{
#ifdef TARGET_X32
    if (TARGET_64BIT && ix86_abi == MS_ABI)
        return build_type_attribute_variant(
            type, tree_cons(get_identifier("sysv_abi"), NULL_TREE, NULL_TREE));
#endif
    return type;
}

/* The name of a register that the thunks of abi/gate.h may change but that the program has
 * reserved, by a global register variable or -ffixed-REG; NULL if there is none. */
static inline const char *dp_taken_register(void)
{
    for (const char *name : {"r10", "r11", "rax"}) {
        int number = decode_reg_name(name);
        if (number >= 0 && (fixed_regs[number] || global_regs[number]))
            return name;
    }
    return NULL;
}

#endif
