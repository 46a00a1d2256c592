/*
 * See gcc_gate.h. Called by gcc_compile.c.
 *
 *  - The names of the runtime are given as assembler names: the program may declare them, too.
 *  - What the runtime changes is volatile, as in clang_gate.c, and so is a thread's budget,
 *    which the thunks change behind the compiler's back.
 *  - Each site has functions of its own, always inlined, since an asm takes the address of the
 *    site as a constant at -O0, too. In an inline function of C++ a static variable would be
 *    one for all files, which the sites' section cannot hold; so sites stand outside.
 */
#include "gcc_gate.h"
#include "words.h"

#include "common/attribute.h"
#include "deep_profile/abi/gate.h"

_Static_assert(DP_OPEN_MAX == 64 && sizeof(struct dp_site) == 32, "the text below");
_Static_assert(offsetof(struct dp_open_calls, calls) == 8 && sizeof(struct dp_open_call) == 16,
               "the text below");

#define HELPER                                                                                     \
    "static __inline__ __attribute__((always_inline, artificial, unused, "                         \
    "no_instrument_function)) "

static const char module_text[] =
    "struct __deep_profile_site { unsigned long weight, slow_after; unsigned index, count_slot; "
    "const void *desc; };\n"
    "struct __deep_profile_attribute { const char *options; unsigned attribute, reserved; };\n"
    "struct __deep_profile_desc { const char *function, *file; unsigned line, flags, "
    "n_attributes, abi; const void *attributes; };\n"
    "struct __deep_profile_opened { unsigned long due; unsigned site, reserved; };\n"
    "struct __deep_profile_open { unsigned long top; struct __deep_profile_opened calls[64]; };\n"
    "struct __deep_profile_call { unsigned long due, depth; int uncaught; };\n"
    "extern __thread volatile unsigned long __deep_profile_budget __asm__(\"deep_profile_budget\") "
    "__attribute__((tls_model(\"initial-exec\"), visibility(\"default\")));\n"
    "extern __thread volatile struct __deep_profile_open *volatile __deep_profile_open_calls "
    "__asm__(\"deep_profile_open\") "
    "__attribute__((tls_model(\"initial-exec\"), visibility(\"default\")));\n"
    "extern __thread volatile unsigned long *volatile __deep_profile_counts "
    "__asm__(\"deep_profile_counts\") "
    "__attribute__((tls_model(\"initial-exec\"), visibility(\"default\")));\n"
    "extern volatile unsigned long __deep_profile_tick __asm__(\"deep_profile_tick\") "
    "__attribute__((visibility(\"default\")));\n"
    "extern volatile unsigned long __deep_profile_entry_tick __asm__(\"deep_profile_entry_tick\") "
    "__attribute__((visibility(\"default\")));\n"
    "unsigned long __deep_profile_enter_call(void *) __asm__(\"deep_profile_enter_call\") "
    "__attribute__((visibility(\"default\"), nothrow, cold));\n"
    "unsigned long __deep_profile_ask_call(void *) __asm__(\"deep_profile_ask_call\") "
    "__attribute__((visibility(\"default\"), nothrow, cold));\n"
    "void __deep_profile_exit_call(void *, unsigned long) __asm__(\"deep_profile_exit_call\") "
    "__attribute__((visibility(\"default\"), nothrow, cold));\n"
    "void __deep_profile_module_load(unsigned, void *, void *) "
    "__asm__(\"deep_profile_module_load\") __attribute__((visibility(\"default\")));\n"
    "void __deep_profile_module_unload(void *) __asm__(\"deep_profile_module_unload\") "
    "__attribute__((visibility(\"default\")));\n"
    "extern char __deep_profile_start[] __asm__(\"__start_" DP_SITE_SECTION "\") "
    "__attribute__((weak, visibility(\"hidden\")));\n"
    "extern char __deep_profile_stop[] __asm__(\"__stop_" DP_SITE_SECTION "\") "
    "__attribute__((weak, visibility(\"hidden\")));\n"
    "static void __deep_profile_load(void) "
    "__attribute__((constructor(99), no_instrument_function));\n"
    "static void __deep_profile_load(void) { "
    "__deep_profile_module_load(%d, __deep_profile_start, __deep_profile_stop); }\n"
    "static void __deep_profile_unload(void) "
    "__attribute__((destructor(99), no_instrument_function));\n"
    "static void __deep_profile_unload(void) { "
    "__deep_profile_module_unload(__deep_profile_start); }\n";

/* How many exceptions are on their way: libstdc++ counts them. */
static const char cxx_text[] =
    "struct __deep_profile_eh { void *caught; unsigned uncaught; };\n"
    "__deep_profile_eh *__deep_profile_exceptions(void) __asm__(\"__cxa_get_globals\") "
    "__attribute__((weak, visibility(\"default\"), nothrow, cold));\n" HELPER
    "int __deep_profile_uncaught(void) { return __deep_profile_exceptions ? "
    "(int)__deep_profile_exceptions()->uncaught : 0; }\n";

/* As in plugin/gate_parts.h and plugin/gate_late.cc. Both dialects of assembly. */
#define JUMP(site, thunk)                                                                          \
    "{lea\\t" site ", %%r10|lea\\tr10, " site "}\\n\\t"                                            \
    "{lea\\t.Ldeep_profile_%=(%%rip), %%r11|lea\\tr11, .Ldeep_profile_%=[rip]}\\n\\t"              \
    "{jmp\\t*" thunk "@GOTPCREL(%%rip)|jmp\\t[QWORD PTR " thunk "@GOTPCREL[rip]]}\\n"
#define HERE   ".Ldeep_profile_%=:"
#define LOSES  "\"r10\", \"r11\", \"cc\""
#define THREAD_WORD(name)                                                                          \
    "{movq\\t" name "@gottpoff(%%rip), %%r10|mov\\tr10, QWORD PTR " name "@gottpoff[rip]}\\n\\t"
#define ASK                                                                                        \
    THREAD_WORD("deep_profile_budget")                                                             \
    "{movq\\t%1, %%r11|mov\\tr11, %1}\\n\\t"                                                       \
    "{subq\\t%%r11, %%fs:(%%r10)|sub\\tQWORD PTR fs:[r10], r11}\\n\\t"                             \
    "js\\t.Ldeep_profile_enter_%=\\n\\t"                                                           \
    "{shlq\\t$3, %%rax|shl\\trax, 3}\\n\\t"                                                        \
    "jc\\t.Ldeep_profile_enter_%=\\n\\t"                                                           \
    "{shrq\\t$3, %%rax|shr\\trax, 3}\\n" HERE "\\n\\t"                                             \
    "{movl\\t%2, %%r11d|mov\\tr11d, %2}\\n\\t"                                                     \
    "{testl\\t%%r11d, %%r11d|test\\tr11d, r11d}\\n\\t"                                             \
    "jz\\t.Ldeep_profile_end_%=\\n\\t" THREAD_WORD("deep_profile_counts")                          \
    "{movq\\t%%fs:(%%r10), %%r10|mov\\tr10, QWORD PTR fs:[r10]}\\n\\t"                             \
    "{testq\\t%%r10, %%r10|test\\tr10, r10}\\n\\t"                                                 \
    "jz\\t.Ldeep_profile_end_%=\\n\\t"                                                             \
    "{incq\\t(%%r10,%%r11,8)|inc\\tQWORD PTR [r10+r11*8]}\\n\\t"                                   \
    "jmp\\t.Ldeep_profile_end_%=\\n"                                                               \
    ".Ldeep_profile_enter_%=:\\n\\t" JUMP("%1", "deep_profile_enter")                              \
    ".Ldeep_profile_end_%=:"

void dp_gcc_gate_begin(const struct dp_gcc_target *target, FILE *out)
{
    fprintf(out, module_text, DP_ABI_VERSION);
    if (target->cxx)
        fputs(cxx_text, out);
}

/* ---- the site ---- */

static void write_string(const char *text, FILE *out)
{
    putc('"', out);
    for (; *text; text++)
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\' || *text == '?')
            fprintf(out, "\\%03o", (unsigned char)*text);
        else
            putc(*text, out);
    putc('"', out);
}

static void write_site(const struct dp_gcc_gate *gate, FILE *out)
{
    const struct dp_annotated *made = gate->made;
    unsigned n = gate->number;
    if (made->count) {
        fprintf(out, "static const struct __deep_profile_attribute __deep_profile_attributes_%u[] "
                     "= {", n);
        for (size_t i = 0; i < made->count; i++) {
            fputs("{", out);
            write_string(made->written[i].options, out);
            fprintf(out, ", %d, 0}, ", (int)made->written[i].attribute);
        }
        fputs("};\n", out);
    }
    fprintf(out, "static const struct __deep_profile_desc __deep_profile_desc_%u = {", n);
    write_string(made->name, out);
    fputs(", ", out);
    write_string(made->file, out);
    fprintf(out, ", %u, %u, %zu, %d, %s};\n", made->line,
            gate->all ? DP_SITE_WHOLE_PROGRAM : made->flags, made->count, DP_ABI_VERSION,
            made->count ? dp_format("__deep_profile_attributes_%u", n) : "0");
    fprintf(out,
            "static struct __deep_profile_site __deep_profile_site_%u "
            "__attribute__((section(\"" DP_SITE_SECTION "\"), aligned(%zu))) = "
            "{0, %lluUL, 0, 0, &__deep_profile_desc_%u};\n",
            n, sizeof(struct dp_site), (unsigned long long)DP_SLOW_NEVER, n);
}

/* ---- entry and exit ---- */

static const char *assembly(const struct dp_gcc_target *target)
{
    return target->major >= 9 ? "__asm__ __volatile__ __inline__" : "__asm__ __volatile__";
}

static const char *site_word(unsigned n, const char *type, const char *member)
{
    return dp_format("*(volatile %s *)&__deep_profile_site_%u.%s", type, n, member);
}

static void write_opening(const struct dp_gcc_target *target, const struct dp_gcc_gate *gate,
                          FILE *out)
{
    unsigned n = gate->number;
    if (!target->thunks)
        fprintf(out, "due = __deep_profile_%s_call(&__deep_profile_site_%u);\n",
                gate->all ? "ask" : "enter", n);
    else if (gate->all)
        fprintf(out,
                "%s(\"%s\" : \"=a\"(due) : \"m\"(__deep_profile_site_%u.weight), "
                "\"m\"(__deep_profile_site_%u.count_slot), \"0\"(due) : " LOSES ");\n",
                assembly(target), ASK, n, n);
    else
        fprintf(out,
                "%s(\"%s\" : \"=a\"(due) : \"m\"(__deep_profile_site_%u) : " LOSES ");\n",
                assembly(target), JUMP("%1", "deep_profile_enter") HERE, n);
}

static void write_enter(const struct dp_gcc_target *target, const struct dp_gcc_gate *gate,
                        FILE *out)
{
    unsigned n = gate->number, flags = gate->all ? 0 : gate->made->flags;
    fprintf(out, HELPER "struct __deep_profile_call __deep_profile_enter_%u(void) {\n", n);
    fputs("struct __deep_profile_call call;\n", out);
    fprintf(out, "unsigned long due = __deep_profile_entry_tick + %s;\n",
            site_word(n, "unsigned long", "slow_after"));
    if (!gate->all)
        fprintf(out, "unsigned long left = __deep_profile_budget - %s;\n"
                     "__deep_profile_budget = left;\n",
                site_word(n, "unsigned long", "weight"));
    fputs("call.depth = -1UL; call.uncaught = 0;\n", out);
    fprintf(out, "if (__builtin_expect((long)(due%s) < 0, 0)) {\n", gate->all ? "" : " | left");
    write_opening(target, gate, out);
    if (target->cxx)
        fputs("call.uncaught = __deep_profile_uncaught();\n", out);
    fputs("}\ncall.due = due;\n", out);
    if (flags & DP_SITE_IN_FLIGHT)
        fprintf(out,
                "volatile struct __deep_profile_open *open = __deep_profile_open_calls;\n"
                "if (open) { call.depth = open->top;\n"
                "open->calls[call.depth & 63].site = %s;\n"
                "open->calls[call.depth & 63].due = due; open->top = call.depth + 1; }\n",
                site_word(n, "unsigned", "index"));
    if (flags & DP_SITE_COUNTED)
        fprintf(out,
                "volatile unsigned long *counts = __deep_profile_counts;\n"
                "if (counts) counts[%s]++;\n",
                site_word(n, "unsigned", "count_slot"));
    fputs("return call; }\n", out);
}

static void write_leaving(const struct dp_gcc_target *target, const struct dp_gcc_gate *gate,
                          FILE *out)
{
    if (target->cxx)
        fprintf(out, "if (__deep_profile_uncaught() > call->uncaught) due |= %lluUL;\n",
                (unsigned long long)DP_DUE_UNWOUND);
    if (target->thunks)
        fprintf(out,
                "%s(\"%s\" : : \"m\"(__deep_profile_site_%u), \"a\"(due) : " LOSES ");\n",
                assembly(target), JUMP("%0", "deep_profile_exit") HERE, gate->number);
    else
        fprintf(out, "__deep_profile_exit_call(&__deep_profile_site_%u, due);\n", gate->number);
}

static void write_leave(const struct dp_gcc_target *target, const struct dp_gcc_gate *gate,
                        FILE *out)
{
    unsigned flags = gate->all ? 0 : gate->made->flags;
    fprintf(out, HELPER "%svoid __deep_profile_leave_%u(struct __deep_profile_call *call) {\n",
            gate->constant ? "constexpr " : "", gate->number);
    if (gate->constant)
        fputs("if (__builtin_is_constant_evaluated()) return;\n", out);
    fputs("unsigned long due = call->due;\n", out);
    if (flags & DP_SITE_IN_FLIGHT)
        fputs("volatile struct __deep_profile_open *open = __deep_profile_open_calls;\n"
              "if (open) { unsigned long top = open->top;\n"
              "open->top = top < call->depth ? top : call->depth; }\n",
              out);
    fputs("if (__builtin_expect((long)__deep_profile_tick >= (long)due, 0)) {\n", out);
    write_leaving(target, gate, out);
    fputs("} }\n", out);
}

void dp_gcc_gate_site(const struct dp_gcc_target *target, const struct dp_gcc_gate *gate,
                      FILE *out)
{
    write_site(gate, out);
    write_enter(target, gate, out);
    write_leave(target, gate, out);
}

void dp_gcc_gate_variable(const struct dp_gcc_gate *gate, FILE *out)
{
    fprintf(out,
            "struct __deep_profile_call __deep_profile_call "
            "__attribute__((cleanup(__deep_profile_leave_%u))) = %s__deep_profile_enter_%u();",
            gate->number,
            gate->constant ? "__builtin_is_constant_evaluated() ? (struct __deep_profile_call){} : " : "",
            gate->number);
}
