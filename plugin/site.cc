/*
 * Lays out the structs of abi/site.h as trees and emits one site for each function. Once in
 * a translation unit it emits the constructor and destructor that register the module.
 * Called by the instrumenting passes. Builds no code of the gate.
 *
 * All sites of a module are in one section, DP_SITE_SECTION. The linker provides __start_
 * and __stop_ symbols for a section whose name is a C identifier, so one constructor
 * registers all sites of the module; the constructors of its other translation units find
 * them registered. An inline function of a header gets a site in each translation unit that
 * has a copy of it, all with the same identity. A shared (COMDAT) site is not possible,
 * since GCC cannot place two COMDAT groups into one named section.
 */
#include "site.h"

#include "deep_profile/abi/gate.h"

tree dp_roots[DP_ROOT_COUNT];
const struct ggc_root_tab dp_root_table[] = {
    {dp_roots, DP_ROOT_COUNT, sizeof(tree), &gt_ggc_mx_tree_node, &gt_pch_nx_tree_node},
    LAST_GGC_ROOT_TAB,
};

struct member {
    const char *name;
    tree type;
};

static tree make_record(const char *name, const struct member *members, unsigned n)
{
    tree record = lang_hooks.types.make_type(RECORD_TYPE);
    tree *next = &TYPE_FIELDS(record);
    for (unsigned i = 0; i < n; i++) {
        tree field = build_decl(BUILTINS_LOCATION, FIELD_DECL, get_identifier(members[i].name),
                                members[i].type);
        DECL_CONTEXT(field) = record;
        *next = field;
        next = &DECL_CHAIN(field);
    }
    TYPE_NAME(record) = get_identifier(name);
    TYPE_ARTIFICIAL(record) = 1;
    layout_type(record);
    return record;
}

static tree field_of(tree record, const char *name)
{
    for (tree field = TYPE_FIELDS(record); field; field = DECL_CHAIN(field))
        if (strcmp(IDENTIFIER_POINTER(DECL_NAME(field)), name) == 0)
            return field;
    gcc_unreachable();
}

/* The members have the order of abi/site.h. */
static void make_types(void)
{
    if (dp_roots[DP_ROOT_SITE_TYPE])
        return;
    tree u32 = unsigned_intSI_type_node, u64 = unsigned_intDI_type_node;
    tree text = build_pointer_type(build_qualified_type(char_type_node, TYPE_QUAL_CONST));
    const struct member attribute[] = {{"options", text}, {"attribute", u32}, {"reserved", u32}};
    const struct member desc[] = {{"function", text},
                                  {"file", text},
                                  {"line", u32},
                                  {"flags", u32},
                                  {"n_attributes", u32},
                                  {"abi", u32},
                                  {"attributes", const_ptr_type_node}};
    const struct member site[] = {{"weight", intDI_type_node},
                                  {"slow_after", u64},
                                  {"index", u32},
                                  {"count_slot", u32},
                                  {"desc", const_ptr_type_node}};
    dp_roots[DP_ROOT_ATTRIBUTE_TYPE] =
        make_record("dp_site_attribute", attribute, ARRAY_SIZE(attribute));
    dp_roots[DP_ROOT_DESC_TYPE] = make_record("dp_site_desc", desc, ARRAY_SIZE(desc));
    dp_roots[DP_ROOT_SITE_TYPE] = make_record("dp_site", site, ARRAY_SIZE(site));
    if (POINTER_SIZE == 64) {
        gcc_assert(int_size_in_bytes(dp_roots[DP_ROOT_SITE_TYPE]) == sizeof(struct dp_site));
        gcc_assert(int_size_in_bytes(dp_roots[DP_ROOT_DESC_TYPE]) == sizeof(struct dp_site_desc));
        gcc_assert(int_byte_position(field_of(dp_roots[DP_ROOT_SITE_TYPE], "desc")) ==
                   offsetof(struct dp_site, desc));
    }
}

tree dp_runtime_symbol(tree decl)
{
    TREE_PUBLIC(decl) = 1;
    DECL_EXTERNAL(decl) = 1;
    DECL_ARTIFICIAL(decl) = 1;
    DECL_IGNORED_P(decl) = 1;
    TREE_USED(decl) = 1;
    /* Despite -fvisibility and the pragma: the symbol is in another module. */
    DECL_VISIBILITY(decl) = VISIBILITY_DEFAULT;
    DECL_VISIBILITY_SPECIFIED(decl) = 1;
    return decl;
}

tree dp_runtime_function(const char *name, tree type)
{
    return dp_runtime_symbol(build_fn_decl(name, dp_by_system_abi(type)));
}

/* A constant record; `values` are in the order of its fields. */
static tree make_value(tree record, const tree *values)
{
    vec<constructor_elt, va_gc> *elements = NULL;
    for (tree field = TYPE_FIELDS(record); field; field = DECL_CHAIN(field))
        CONSTRUCTOR_APPEND_ELT(elements, field, fold_convert(TREE_TYPE(field), *values++));
    tree value = build_constructor(record, elements);
    TREE_CONSTANT(value) = 1;
    TREE_STATIC(value) = 1;
    return value;
}

static tree number(uint64_t value)
{
    return build_int_cstu(unsigned_intDI_type_node, value);
}

static tree address_of(tree decl)
{
    TREE_ADDRESSABLE(decl) = 1;
    return build_fold_addr_expr(decl);
}

static tree text_value(const char *text)
{
    return build_string_literal(strlen(text) + 1, text);
}

/* A static variable that the compiler may not drop. Read-only unless it goes into
 * `section`. */
static tree make_static(const char *what, tree type, tree value, const char *section)
{
    static unsigned made;
    char name[64];
    snprintf(name, sizeof name, "__deep_profile_%s_%u", what, made++);
    tree decl = build_decl(BUILTINS_LOCATION, VAR_DECL, get_identifier(name), type);
    TREE_STATIC(decl) = 1;
    TREE_USED(decl) = 1;
    TREE_ADDRESSABLE(decl) = 1;
    DECL_ARTIFICIAL(decl) = 1;
    DECL_IGNORED_P(decl) = 1;
    DECL_INITIAL(decl) = value;
    TREE_READONLY(decl) = !section;
    DECL_PRESERVE_P(decl) = section != NULL;
    /* With a larger alignment the linker would leave holes. GCC's own is 32 bytes for a
     * description of 40, which nothing hot reads. */
    unsigned bytes = section ? int_size_in_bytes(type) : TYPE_ALIGN_UNIT(type);
    SET_DECL_ALIGN(decl, bytes * BITS_PER_UNIT);
    DECL_USER_ALIGN(decl) = 1;
    if (section)
        set_decl_section_name(decl, section);
    varpool_node::finalize_decl(decl);
    return decl;
}

static tree make_attributes(const vec<dp_annotation> &written)
{
    tree record = dp_roots[DP_ROOT_ATTRIBUTE_TYPE];
    tree array = build_array_type_nelts(record, written.length());
    vec<constructor_elt, va_gc> *elements = NULL;
    for (unsigned i = 0; i < written.length(); i++) {
        const tree values[] = {text_value(written[i].text), number(written[i].attribute),
                               number(0)};
        CONSTRUCTOR_APPEND_ELT(elements, size_int(i), make_value(record, values));
    }
    tree value = build_constructor(array, elements);
    TREE_CONSTANT(value) = 1;
    TREE_STATIC(value) = 1;
    return make_static("attributes", array, value, NULL);
}

/* Cuts out, in place, the suffixes that GCC appends to the name of a function's copies. A
 * copy counts as the function; a part of it (.part.N) does not. */
static void strip_clone_suffixes(char *name)
{
    static const char *const suffixes[] = {".constprop", ".isra", ".lto_priv"};
    for (const char *suffix : suffixes) {
        char *at = strstr(name, suffix);
        if (!at)
            continue;
        char *end = at + strlen(suffix);
        if (end[0] == '.' && ISDIGIT(end[1]))
            end += 1 + strspn(end + 1, "0123456789");
        memmove(at, end, strlen(end) + 1);
    }
}

/* The C++ name behind an assembler name, the only one that a link with -flto has. NULL if
 * it is not a C++ name. */
static char *demangle(const char *assembler_name)
{
    char *mangled = xstrdup(assembler_name + (*assembler_name == '*'));
    char *name = NULL;
    char *suffix = strchr(mangled, '.');
    char *part = strstr(mangled, ".part.");
    if (part)
        part = xstrndup(part, 6 + strspn(part + 6, "0123456789"));
    if (suffix)
        *suffix = 0;
    if (strncmp(mangled, "_Z", 2) == 0)
        name = cplus_demangle_v3(mangled, DP_DEMANGLE_NAME_ONLY);
    if (name && part)
        name = reconcat(name, name, part, NULL);
    free(part);
    free(mangled);
    return name;
}

/* The suffix by which GCC names a part of a function (.part.N), or "". */
static const char *part_suffix(tree fn)
{
    static char suffix[24];
    const char *name =
        DECL_ASSEMBLER_NAME_SET_P(fn) ? IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fn)) : "";
    const char *part = strstr(name, ".part.");
    if (!part)
        return "";
    snprintf(suffix, sizeof suffix, "%.*s", (int)(6 + strspn(part + 6, "0123456789")), part);
    return suffix;
}

/* A copy's own printable name lacks a template's arguments from GCC 16 on: that of the
 * function which it was copied from has them. */
const char *dp_function_name(tree fn)
{
    const char *printable = lang_hooks.decl_printable_name(DECL_ORIGIN(fn), 1);
    char *name = in_lto_p ? demangle(IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fn))) : NULL;
    if (!name) {
        name = xstrdup(printable);
        if (!strstr(name, ".part."))
            name = reconcat(name, name, part_suffix(fn), NULL);
    }
    strip_clone_suffixes(name);
    const char *kept = ggc_strdup(name);
    free(name);
    return kept;
}

static tree make_desc(tree fn, const vec<dp_annotation> &written, uint32_t flags)
{
    expanded_location at = expand_location(DECL_SOURCE_LOCATION(fn));
    tree attributes = written.length() ? address_of(make_attributes(written)) : null_pointer_node;
    const tree values[] = {text_value(dp_function_name(fn)),
                           text_value(remap_debug_filename(at.file ? at.file : "")),
                           number(at.line),
                           number(flags),
                           number(written.length()),
                           number(DP_ABI_VERSION),
                           attributes};
    tree record = dp_roots[DP_ROOT_DESC_TYPE];
    return make_static("desc", record, make_value(record, values), NULL);
}

/* The address of __start_SECTION or __stop_SECTION of this module. */
static tree section_end(const char *name)
{
    tree decl =
        build_decl(BUILTINS_LOCATION, VAR_DECL, get_identifier(name), dp_roots[DP_ROOT_SITE_TYPE]);
    dp_runtime_symbol(decl);
    DECL_VISIBILITY(decl) = VISIBILITY_HIDDEN;
    declare_weak(decl); /* whole-program mode may find nothing to instrument */
    return address_of(decl);
}

/*
 * static void __attribute__((constructor(99))) load(void)
 * {
 *     deep_profile_module_load(DP_ABI_VERSION, __start_…, __stop_…);
 * }
 *
 * and the destructor. Below 100 is the compiler's own range: before every
 * constructor of the user's, after every destructor.
 */
void dp_register_module(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    make_types();
    const int priority = 99;
    tree load =
        dp_runtime_function("deep_profile_module_load",
                            build_function_type_list(void_type_node, unsigned_intSI_type_node,
                                                     ptr_type_node, ptr_type_node, NULL_TREE));
    tree unload =
        dp_runtime_function("deep_profile_module_unload",
                            build_function_type_list(void_type_node, ptr_type_node, NULL_TREE));
    tree start = section_end("__start_" DP_SITE_SECTION);
    tree stop = section_end("__stop_" DP_SITE_SECTION);
    tree version = build_int_cstu(unsigned_intSI_type_node, DP_ABI_VERSION);
    tree up = NULL_TREE, down = NULL_TREE, saved = current_function_decl;
    append_to_statement_list(build_call_expr(load, 3, version, start, stop), &up);
    append_to_statement_list(build_call_expr(unload, 1, unshare_expr(start)), &down);
    push_cfun(NULL);
    current_function_decl = NULL_TREE;
    cgraph_build_static_cdtor('I', up, priority);
    cgraph_build_static_cdtor('D', down, priority);
    pop_cfun();
    current_function_decl = saved;
}

uint32_t dp_site_flags(const vec<dp_annotation> &written)
{
    uint32_t flags = 0;
    for (unsigned i = 0; i < written.length(); i++) {
        if (written[i].attribute == DP_ATTRIBUTE_IF_SLOW)
            flags |= DP_SITE_IN_FLIGHT;
        if (written[i].options.strategy == DP_STRATEGY_CALLS)
            flags |= DP_SITE_COUNTED;
    }
    return flags;
}

static tree make_site(tree fn, const vec<dp_annotation> &written, uint32_t flags)
{
    make_types();
    const tree values[] = {number(0), number(DP_SLOW_NEVER), number(0), number(0),
                           address_of(make_desc(fn, written, flags))};
    tree record = dp_roots[DP_ROOT_SITE_TYPE];
    return make_static("site", record, make_value(record, values), DP_SITE_SECTION);
}

tree dp_make_site(tree fn, const vec<dp_annotation> &written, uint32_t flags)
{
    dp_register_module();
    return make_site(fn, written, flags);
}

tree dp_make_plain_site(tree fn)
{
    return make_site(fn, vec<dp_annotation>(), DP_SITE_WHOLE_PROGRAM);
}

tree dp_site_member(tree site, const char *name)
{
    tree field = field_of(TREE_TYPE(site), name);
    tree reference = build3(COMPONENT_REF, TREE_TYPE(field), site, field, NULL_TREE);
    TREE_THIS_VOLATILE(reference) = 1;
    return reference;
}
