/*
 * See clang_module.h. The registration goes into llvm.global_ctors with priority 99, as the
 * plugin's.
 */
#include "clang_module.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "deep_profile/abi/gate.h"

/* ---- operands ---- */

const char *dp_gate_pointer(const struct dp_ir *ir, const char *type, const char *name)
{
    return ir->typed_pointers ? dp_format("%s* %s", type, name) : dp_format("ptr %s", name);
}

const char *dp_gate_any_pointer(const struct dp_ir *ir)
{
    return ir->typed_pointers ? "i8*" : "ptr";
}

const char *dp_gate_address(const struct dp_ir *ir, const char *type, const char *name)
{
    return ir->typed_pointers ? dp_format("i8* bitcast (%s* %s to i8*)", type, name)
                              : dp_format("ptr %s", name);
}

/* ---- sites ---- */

const char *dp_gate_site_type(const struct dp_ir *ir)
{
    return dp_format("{ i64, i64, i32, i32, %s }", dp_gate_any_pointer(ir));
}

const char *dp_gate_site_name(const struct dp_gate *gate)
{
    return dp_format("@__deep_profile_%s_%u", gate->module->all ? "late" : "site", gate->site);
}

/* A constant string of the module's own; returns its address as an operand. */
static const char *write_text(struct dp_gate_module *module, const char *text, FILE *out)
{
    const char *name =
        dp_format("@__deep_profile_%stext_%u", module->all ? "late_" : "", module->made++);
    const char *type = dp_format("[%zu x i8]", strlen(text) + 1);
    fprintf(out, "%s = private unnamed_addr constant %s c\"", name, type);
    for (; *text; text++)
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
            fprintf(out, "\\%02X", (unsigned char)*text);
        else
            putc(*text, out);
    fprintf(out, "\\00\", align 1\n");
    return dp_gate_address(module->ir, type, name);
}

/* The array of struct dp_site_attribute. */
static const char *write_attributes(struct dp_gate_module *module, const struct dp_annotated *made,
                                    FILE *out)
{
    const char *texts[DP_ATTRIBUTE_COUNT];
    const char *any = dp_gate_any_pointer(module->ir);
    if (!made->count)
        return dp_format("%s null", any);
    for (size_t i = 0; i < made->count; i++)
        texts[i] = write_text(module, made->written[i].options, out);
    const char *name = dp_format("@__deep_profile_attributes_%u", module->made++);
    const char *type = dp_format("[%zu x { %s, i32, i32 }]", made->count, any);
    fprintf(out, "%s = private constant %s [", name, type);
    for (size_t i = 0; i < made->count; i++)
        fprintf(out, "%s{ %s, i32, i32 } { %s, i32 %d, i32 0 }", i ? ", " : "", any, texts[i],
                (int)made->written[i].attribute);
    fprintf(out, "], align 8\n");
    return dp_gate_address(module->ir, type, name);
}

struct dp_gate dp_gate_module_site(struct dp_gate_module *module, const struct dp_annotated *made,
                                   FILE *out)
{
    const char *any = dp_gate_any_pointer(module->ir);
    const char *function = write_text(module, made->name, out);
    const char *file = write_text(module, made->file, out);
    const char *attributes = write_attributes(module, made, out);
    const char *desc =
        dp_format("@__deep_profile_%sdesc_%u", module->all ? "late_" : "", module->made);
    const char *type = dp_format("{ %s, %s, i32, i32, i32, i32, %s }", any, any, any);
    fprintf(out,
            "%s = private constant %s { %s, %s, i32 %u, i32 %u, i32 %zu, i32 %d, %s }, align 8\n",
            desc, type, function, file, made->line,
            module->all ? DP_SITE_WHOLE_PROGRAM : made->flags, made->count, DP_ABI_VERSION,
            attributes);
    struct dp_gate gate = {.module = module, .site = module->made++, .flags = made->flags};
    fprintf(out,
            "%s = internal global %s { i64 0, i64 %llu, i32 0, i32 0, %s }, section \"%s\", "
            "align %zu\n",
            dp_gate_site_name(&gate), dp_gate_site_type(module->ir),
            (unsigned long long)DP_SLOW_NEVER, dp_gate_address(module->ir, type, desc),
            DP_SITE_SECTION, sizeof(struct dp_site));
    return gate;
}

/* ---- the module ---- */

/* The runtime's symbols that gates use. A declaration begins with `head`. */
static const struct symbol {
    const char *head;
    const char *typed, *untyped;
} symbols[] = {
    {"@deep_profile_tick = ", "external global i64", "external global i64"},
    {"@deep_profile_entry_tick = ", "external global i64", "external global i64"},
    {"@deep_profile_budget = ", "external thread_local(initialexec) global i64",
     "external thread_local(initialexec) global i64"},
    {"@deep_profile_open = ", "external thread_local(initialexec) global i8*",
     "external thread_local(initialexec) global ptr"},
    {"@deep_profile_counts = ", "external thread_local(initialexec) global i8*",
     "external thread_local(initialexec) global ptr"},
    {"declare i64 @deep_profile_enter_call(", "i8*)", "ptr)"},
    {"declare i64 @deep_profile_ask_call(", "i8*)", "ptr)"},
    {"declare void @deep_profile_exit_call(", "i8*, i64)", "ptr, i64)"},
};
#define N_SYMBOLS (sizeof symbols / sizeof *symbols)
_Static_assert(N_SYMBOLS <= sizeof((struct dp_gate_module *)0)->known, "known");

void dp_gate_module_begin(struct dp_gate_module *module, const struct dp_ir *ir, bool all,
                          bool sites)
{
    *module = (struct dp_gate_module){.ir = ir, .all = all, .sites = sites};
    for (size_t i = 0; i < ir->n_lines; i++) {
        const char *line = ir->lines[i];
        if (!strstr(line, "deep_profile_"))
            continue;
        module->loads |= strstr(line, " @__deep_profile_load(") && dp_starts_with(line, "define ");
        for (size_t s = 0; s < N_SYMBOLS; s++)
            module->known[s] |= dp_starts_with(line, symbols[s].head);
    }
}

static const char *structor_type(const struct dp_ir *ir)
{
    return ir->typed_pointers ? "{ i32, void ()*, i8* }" : "{ i32, ptr, ptr }";
}

static void write_structor(const struct dp_ir *ir, const char *which, FILE *out)
{
    fprintf(out, "%s { i32 99, %s, %s null }", structor_type(ir),
            dp_gate_pointer(ir, "void ()", dp_format("@__deep_profile_%s", which)),
            dp_gate_any_pointer(ir));
}

/* "@llvm.global_ctors = appending global [1 x TYPE] [TYPE {…}]": one more. */
static bool write_more_structors(const struct dp_gate_module *module, const char *line,
                                 const char *list, const char *which, FILE *out)
{
    const char *head = dp_format("@llvm.global_%s = appending global [", list);
    const char *begin = strstr(line, "] [");
    if (!dp_starts_with(line, head) || !begin)
        return false;
    char *type;
    unsigned long count = strtoul(line + strlen(head), &type, 10);
    fprintf(out, "%s%lu%.*s", head, count + 1, (int)(begin + 3 - type), type);
    write_structor(module->ir, which, out);
    fprintf(out, ", %s\n", begin + 3);
    return true;
}

bool dp_gate_module_line(struct dp_gate_module *module, const char *line, FILE *out)
{
    if (!module->sites || module->loads)
        return false;
    if (write_more_structors(module, line, "ctors", "load", out))
        return module->constructors = true;
    if (write_more_structors(module, line, "dtors", "unload", out))
        return module->destructors = true;
    return false;
}

static void write_structors(const struct dp_gate_module *module, const char *list,
                            const char *which, FILE *out)
{
    fprintf(out, "@llvm.global_%s = appending global [1 x %s] [", list, structor_type(module->ir));
    write_structor(module->ir, which, out);
    fprintf(out, "]\n");
}

static void write_registration(const struct dp_gate_module *module, FILE *out)
{
    const char *any = dp_gate_any_pointer(module->ir);
    fprintf(out,
            "@__start_" DP_SITE_SECTION " = extern_weak hidden global i8\n"
            "@__stop_" DP_SITE_SECTION " = extern_weak hidden global i8\n"
            "declare void @deep_profile_module_load(i32, %s, %s)\n"
            "declare void @deep_profile_module_unload(%s)\n"
            "define internal void @__deep_profile_load() {\n"
            "  call void @deep_profile_module_load(i32 %d, %s @__start_" DP_SITE_SECTION
            ", %s @__stop_" DP_SITE_SECTION ")\n  ret void\n}\n"
            "define internal void @__deep_profile_unload() {\n"
            "  call void @deep_profile_module_unload(%s @__start_" DP_SITE_SECTION
            ")\n  ret void\n}\n",
            any, any, any, DP_ABI_VERSION, any, any, any);
    if (!module->constructors)
        write_structors(module, "ctors", "load", out);
    if (!module->destructors)
        write_structors(module, "dtors", "unload", out);
}

static bool declares(const struct dp_ir *ir, const char *symbol)
{
    for (size_t i = 0; i < ir->n_lines; i++)
        if (dp_starts_with(ir->lines[i], "declare ") && strstr(ir->lines[i], symbol))
            return true;
    return false;
}

void dp_gate_module_end(struct dp_gate_module *module, FILE *out)
{
    if (!module->sites)
        return;
    for (size_t s = 0; s < N_SYMBOLS; s++)
        if (!module->known[s])
            fprintf(out, "%s%s\n", symbols[s].head,
                    module->ir->typed_pointers ? symbols[s].typed : symbols[s].untyped);
    const char *personality = module->personality;
    if (personality && !declares(module->ir, dp_format(" @%s(...)", personality)))
        fprintf(out, "declare i32 @%s(...)\n", personality);
    if (!module->loads)
        write_registration(module, out);
}
