/*
 * The data that the inserted code works on: one struct dp_site and its descriptor for every
 * instrumented function (abi/site.h), and the constructor that registers them with the
 * runtime.
 */
#ifndef DP_SITE_H
#define DP_SITE_H

#include "gcc-compat.h"

#include "attribute.h"

/* Trees that the plugin keeps across garbage collections. */
enum dp_root {
    DP_ROOT_SITE_TYPE,
    DP_ROOT_DESC_TYPE,
    DP_ROOT_ATTRIBUTE_TYPE,
    DP_ROOT_BUDGET,
    DP_ROOT_TICK,
    DP_ROOT_ENTRY_TICK,
    DP_ROOT_OPEN,
    DP_ROOT_COUNTS,
    DP_ROOT_ENTER_CALL,
    DP_ROOT_ASK_CALL,
    DP_ROOT_EXIT_CALL,
    DP_ROOT_COUNT
};
extern tree dp_roots[DP_ROOT_COUNT];
extern const struct ggc_root_tab dp_root_table[];

/* A symbol that the runtime defines. */
tree dp_runtime_symbol(tree decl);
tree dp_runtime_function(const char *name, tree type);

/* Flags (DP_SITE_*) that the attributes of a function ask for. */
uint32_t dp_site_flags(const vec<dp_annotation> &written);

/*
 * Emits the site of `fn` and returns its variable. The first site of a translation unit
 * also creates the constructor that registers them, so call it while the symbol table is
 * under construction.
 */
tree dp_make_site(tree fn, const vec<dp_annotation> &written, uint32_t flags);

/* The same for a function without attributes. May be called at any time, since
 * dp_register_module() has made the constructor. */
tree dp_make_plain_site(tree fn);

/* Makes the constructor that registers the module's sites, once for each translation unit,
 * even if it has no sites. Call it while the symbol table is under construction. */
void dp_register_module(void);

/* A reference to a member of the site that the gate reads: weight, slow_after,
 * index or count_slot. Volatile, because the runtime changes them at any time. */
tree dp_site_member(tree site, const char *name);

/* Name of a function as a person would write it. */
const char *dp_function_name(tree fn);

#endif
