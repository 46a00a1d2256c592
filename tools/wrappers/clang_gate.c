/*
 * See clang_gate.h.
 *
 *  - Every access to what the runtime changes is volatile: an optimizer that kept the budget in
 *    a register through a loop would not see what the asm does to it.
 *  - The cold calls are jumps to the runtime's thunks from an asm, which loses r10, r11 and the
 *    flags only: a leaf stays a leaf, and nothing is saved on the straight way. On processors
 *    without thunks they are calls.
 */
#include "clang_gate.h"
#include "words.h"

#include <string.h>

#include "deep_profile/abi/gate.h"

#define NEVER_TAKEN                                                                                \
    ", !prof !{!\"branch_weights\", i32 1, i32 1048575}"

/* ---- types ---- */

/* The address of a variable of the runtime that holds a pointer. In a module that knows
 * abi/gate.h it may have another type. */
static const char *holder(const struct dp_gate_module *module, const char *name)
{
    const struct dp_ir *ir = module->ir;
    if (!ir->typed_pointers)
        return dp_format("ptr %s", name);
    const char *head = dp_format("%s = ", name);
    for (size_t i = 0; i < ir->n_lines; i++) {
        const char *type = dp_starts_with(ir->lines[i], head) ? strstr(ir->lines[i], " global ")
                                                              : NULL;
        if (type)
            return dp_format("i8** bitcast (%.*s* %s to i8**)", (int)strcspn(type + 8, ","),
                             type + 8, name);
    }
    return dp_format("i8** %s", name);
}

/* A member of the site, by its number in abi/site.h. */
static const char *member(const struct dp_gate *gate, const char *type, int number)
{
    const struct dp_ir *ir = gate->module->ir;
    const char *site = dp_gate_site_type(ir);
    return dp_gate_pointer(ir, type,
                           dp_format("getelementptr inbounds (%s, %s, i32 0, i32 %d)", site,
                                     dp_gate_pointer(ir, site, dp_gate_site_name(gate)), number));
}

enum { WEIGHT, SLOW_AFTER, INDEX, COUNT_SLOT };

/* ---- statements ---- */

static void load(FILE *out, const char *to, const char *type, const char *from, int align)
{
    fprintf(out, "  %s = load volatile %s, %s, align %d\n", to, type, from, align);
}

static void store(FILE *out, const char *type, const char *value, const char *to, int align)
{
    fprintf(out, "  store volatile %s %s, %s, align %d\n", type, value, to, align);
}

static void load_word(const struct dp_gate *gate, FILE *out, const char *to, const char *variable)
{
    load(out, to, "i64", dp_gate_pointer(gate->module->ir, "i64", variable), 8);
}

/* pointer + offset (an i64), as a pointer to `type`. */
static void add_offset(const struct dp_gate *gate, FILE *out, const char *to, const char *type,
                       const char *base, const char *offset)
{
    if (!gate->module->ir->typed_pointers) {
        fprintf(out, "  %s = getelementptr i8, ptr %s, i64 %s\n", to, base, offset);
        return;
    }
    fprintf(out, "  %s.byte = getelementptr i8, i8* %s, i64 %s\n", to, base, offset);
    fprintf(out, "  %s = bitcast i8* %s.byte to %s*\n", to, to, type);
}

/* The lines of an asm; 1 stands for the site. */
#define LEAVE(thunk)                                                                               \
    "leaq ${1:P}(%rip), %r10\\0A\\09leaq .Ldeep_profile_${:uid}(%rip), %r11\\0A\\09"               \
    "jmpq *" thunk "@GOTPCREL(%rip)\\0A"
#define HERE   ".Ldeep_profile_${:uid}:"
#define LOSES  "~{r10},~{r11},~{dirflag},~{fpsr},~{flags}"
/* As in plugin/gate_late.cc. */
#define ASK                                                                                        \
    "movq deep_profile_budget@gottpoff(%rip), %r10\\0A\\09movq ${1:P}(%rip), %r11\\0A\\09"         \
    "subq %r11, %fs:(%r10)\\0A\\09js .Ldeep_profile_enter_${:uid}\\0A\\09"                         \
    "shlq $$3, %rax\\0A\\09jc .Ldeep_profile_enter_${:uid}\\0A\\09shrq $$3, %rax\\0A" HERE         \
    "\\0A\\09movl ${1:P}+20(%rip), %r11d\\0A\\09testl %r11d, %r11d\\0A\\09"                        \
    "jz .Ldeep_profile_end_${:uid}\\0A\\09"                                                        \
    "movq deep_profile_counts@gottpoff(%rip), %r10\\0A\\09movq %fs:(%r10), %r10\\0A\\09"           \
    "testq %r10, %r10\\0A\\09jz .Ldeep_profile_end_${:uid}\\0A\\09"                                \
    "incq (%r10,%r11,8)\\0A\\09jmp .Ldeep_profile_end_${:uid}\\0A"                                 \
    ".Ldeep_profile_enter_${:uid}:\\0A\\09" LEAVE("deep_profile_enter")                            \
    ".Ldeep_profile_end_${:uid}:"

_Static_assert(offsetof(struct dp_site, count_slot) == 20, "ASK");

static const char *site_operand(const struct dp_gate *gate)
{
    return dp_gate_pointer(gate->module->ir, dp_gate_site_type(gate->module->ir),
                           dp_gate_site_name(gate));
}

static const char *site_argument(const struct dp_gate *gate)
{
    return dp_gate_address(gate->module->ir, dp_gate_site_type(gate->module->ir),
                           dp_gate_site_name(gate));
}

/* %deep_profile.opened = what the runtime says. */
static void write_enter(const struct dp_gate *gate, FILE *out)
{
    if (!gate->module->ir->thunks)
        fprintf(out, "  %%deep_profile.opened = call i64 @deep_profile_%s_call(%s)\n",
                gate->module->all ? "ask" : "enter", site_argument(gate));
    else if (gate->module->all)
        fprintf(out,
                "  %%deep_profile.opened = call i64 asm sideeffect \"%s\", \"={rax},i,0," LOSES
                "\"(%s, i64 %%deep_profile.computed) nounwind\n",
                ASK, site_operand(gate));
    else
        fprintf(out,
                "  %%deep_profile.opened = call i64 asm sideeffect \"%s\", \"={rax},i," LOSES
                "\"(%s) nounwind\n",
                LEAVE("deep_profile_enter") HERE, site_operand(gate));
}

static void write_exit(const struct dp_gate *gate, const char *due, FILE *out)
{
    if (gate->module->ir->thunks)
        fprintf(out,
                "  call void asm sideeffect \"%s\", \"{rax},i," LOSES
                "\"(i64 %s, %s) nounwind\n",
                LEAVE("deep_profile_exit") HERE, due, site_operand(gate));
    else
        fprintf(out, "  call void @deep_profile_exit_call(%s, i64 %s)\n", site_argument(gate),
                due);
}

/* ---- the entry ---- */

/* %deep_profile.computed = entry_tick + slow_after */
static void write_due(const struct dp_gate *gate, FILE *out)
{
    load_word(gate, out, "%deep_profile.now", "@deep_profile_entry_tick");
    load(out, "%deep_profile.slow_after", "i64", member(gate, "i64", SLOW_AFTER), 8);
    fprintf(out, "  %%deep_profile.computed = add i64 %%deep_profile.now, "
                 "%%deep_profile.slow_after\n");
}

/* left = budget -= weight */
static void write_budget(const struct dp_gate *gate, FILE *out)
{
    const char *budget = dp_gate_pointer(gate->module->ir, "i64", "@deep_profile_budget");
    load(out, "%deep_profile.budget", "i64", budget, 8);
    load(out, "%deep_profile.weight", "i64", member(gate, "i64", WEIGHT), 8);
    fprintf(out,
            "  %%deep_profile.left = sub i64 %%deep_profile.budget, %%deep_profile.weight\n");
    store(out, "i64", "%deep_profile.left", budget, 8);
}

static void write_opening(const struct dp_gate *gate, FILE *out)
{
    fprintf(out, "  br i1 %%deep_profile.asks, label %%deep_profile.cold, "
                 "label %%deep_profile.warm" NEVER_TAKEN "\n\ndeep_profile.cold:\n");
    write_enter(gate, out);
    fprintf(out, "  br label %%deep_profile.warm\n\ndeep_profile.warm:\n"
                 "  %%deep_profile.due = phi i64 [ %%deep_profile.computed, "
                 "%%deep_profile.entry ], [ %%deep_profile.opened, %%deep_profile.cold ]\n");
}

/* if (deep_profile_open) push {due, site.index}; depth: where, or ~0. */
static void write_push(const struct dp_gate *gate, FILE *out)
{
    const struct dp_ir *ir = gate->module->ir;
    const char *any = dp_gate_any_pointer(ir);
    load(out, "%deep_profile.open", any, holder(gate->module, "@deep_profile_open"), 8);
    fprintf(out,
            "  %%deep_profile.listed = icmp ne %s %%deep_profile.open, null\n"
            "  br i1 %%deep_profile.listed, label %%deep_profile.push, "
            "label %%deep_profile.pushed\n\ndeep_profile.push:\n",
            any);
    add_offset(gate, out, "%deep_profile.top_at", "i64", "%deep_profile.open", "0");
    load(out, "%deep_profile.top", "i64", dp_gate_pointer(ir, "i64", "%deep_profile.top_at"), 8);
    fprintf(out,
            "  %%deep_profile.slot = and i64 %%deep_profile.top, %d\n"
            "  %%deep_profile.slot_bytes = mul i64 %%deep_profile.slot, %zu\n"
            "  %%deep_profile.due_bytes = add i64 %%deep_profile.slot_bytes, %zu\n"
            "  %%deep_profile.site_bytes = add i64 %%deep_profile.slot_bytes, %zu\n",
            DP_OPEN_MAX - 1, sizeof(struct dp_open_call),
            offsetof(struct dp_open_calls, calls) + offsetof(struct dp_open_call, due),
            offsetof(struct dp_open_calls, calls) + offsetof(struct dp_open_call, site));
    add_offset(gate, out, "%deep_profile.due_at", "i64", "%deep_profile.open",
               "%deep_profile.due_bytes");
    add_offset(gate, out, "%deep_profile.site_at", "i32", "%deep_profile.open",
               "%deep_profile.site_bytes");
    load(out, "%deep_profile.index", "i32", member(gate, "i32", INDEX), 4);
    store(out, "i32", "%deep_profile.index", dp_gate_pointer(ir, "i32", "%deep_profile.site_at"),
          8);
    store(out, "i64", "%deep_profile.due", dp_gate_pointer(ir, "i64", "%deep_profile.due_at"), 8);
    fprintf(out, "  %%deep_profile.deeper = add i64 %%deep_profile.top, 1\n");
    store(out, "i64", "%deep_profile.deeper", dp_gate_pointer(ir, "i64", "%deep_profile.top_at"),
          8);
    fprintf(out, "  br label %%deep_profile.pushed\n\ndeep_profile.pushed:\n"
                 "  %%deep_profile.depth = phi i64 [ -1, %%deep_profile.warm ], "
                 "[ %%deep_profile.top, %%deep_profile.push ]\n");
}

/* if (deep_profile_counts) deep_profile_counts[site.count_slot]++; */
static void write_count(const struct dp_gate *gate, FILE *out)
{
    const struct dp_ir *ir = gate->module->ir;
    const char *any = dp_gate_any_pointer(ir);
    load(out, "%deep_profile.counts", any, holder(gate->module, "@deep_profile_counts"), 8);
    fprintf(out,
            "  %%deep_profile.counting = icmp ne %s %%deep_profile.counts, null\n"
            "  br i1 %%deep_profile.counting, label %%deep_profile.count, "
            "label %%deep_profile.counted\n\ndeep_profile.count:\n",
            any);
    load(out, "%deep_profile.count_slot", "i32", member(gate, "i32", COUNT_SLOT), 4);
    fprintf(out, "  %%deep_profile.count_index = zext i32 %%deep_profile.count_slot to i64\n"
                 "  %%deep_profile.count_bytes = mul i64 %%deep_profile.count_index, 8\n");
    add_offset(gate, out, "%deep_profile.count_at", "i64", "%deep_profile.counts",
               "%deep_profile.count_bytes");
    load(out, "%deep_profile.calls", "i64", dp_gate_pointer(ir, "i64", "%deep_profile.count_at"),
         8);
    fprintf(out, "  %%deep_profile.more = add i64 %%deep_profile.calls, 1\n");
    store(out, "i64", "%deep_profile.more", dp_gate_pointer(ir, "i64", "%deep_profile.count_at"),
          8);
    fprintf(out, "  br label %%deep_profile.counted\n\ndeep_profile.counted:\n");
}

void dp_gate_entry(struct dp_gate *gate, FILE *out)
{
    const char *asked = "%deep_profile.computed";
    if (!gate->module->all)
        write_budget(gate, out);
    write_due(gate, out);
    if (!gate->module->all) {
        asked = "%deep_profile.either";
        fprintf(out, "  %s = or i64 %%deep_profile.left, %%deep_profile.computed\n", asked);
    }
    fprintf(out, "  %%deep_profile.asks = icmp slt i64 %s, 0\n", asked);
    write_opening(gate, out);
    if (gate->flags & DP_SITE_IN_FLIGHT)
        write_push(gate, out);
    if (gate->flags & DP_SITE_COUNTED)
        write_count(gate, out);
}

/* ---- the exits ---- */

/* if (deep_profile_open) top = min(top, depth); */
static void write_pop(const struct dp_gate *gate, unsigned n, FILE *out)
{
    const struct dp_ir *ir = gate->module->ir;
    const char *any = dp_gate_any_pointer(ir);
    const char *at = dp_format("%%deep_profile.exit%u.top_at", n);
    load(out, dp_format("%%deep_profile.exit%u.open", n), any,
         holder(gate->module, "@deep_profile_open"), 8);
    fprintf(out,
            "  %%deep_profile.exit%u.listed = icmp ne %s %%deep_profile.exit%u.open, null\n"
            "  br i1 %%deep_profile.exit%u.listed, label %%deep_profile.exit%u.pop, "
            "label %%deep_profile.exit%u.popped\n\ndeep_profile.exit%u.pop:\n",
            n, any, n, n, n, n, n);
    add_offset(gate, out, at, "i64", dp_format("%%deep_profile.exit%u.open", n), "0");
    load(out, dp_format("%%deep_profile.exit%u.top", n), "i64", dp_gate_pointer(ir, "i64", at), 8);
    fprintf(out,
            "  %%deep_profile.exit%u.less = icmp ult i64 %%deep_profile.exit%u.top, "
            "%%deep_profile.depth\n"
            "  %%deep_profile.exit%u.least = select i1 %%deep_profile.exit%u.less, "
            "i64 %%deep_profile.exit%u.top, i64 %%deep_profile.depth\n",
            n, n, n, n, n);
    store(out, "i64", dp_format("%%deep_profile.exit%u.least", n), dp_gate_pointer(ir, "i64", at),
          8);
    fprintf(out, "  br label %%deep_profile.exit%u.popped\n\ndeep_profile.exit%u.popped:\n", n, n);
}

void dp_gate_exit(struct dp_gate *gate, bool unwinds, FILE *out)
{
    unsigned n = gate->ways_out++;
    const char *due = "%deep_profile.due";
    if (gate->flags & DP_SITE_IN_FLIGHT)
        write_pop(gate, n, out);
    load_word(gate, out, dp_format("%%deep_profile.exit%u.now", n), "@deep_profile_tick");
    fprintf(out,
            "  %%deep_profile.exit%u.asks = icmp sge i64 %%deep_profile.exit%u.now, %s\n"
            "  br i1 %%deep_profile.exit%u.asks, label %%deep_profile.exit%u.cold, "
            "label %%deep_profile.exit%u.done" NEVER_TAKEN "\n\ndeep_profile.exit%u.cold:\n",
            n, n, due, n, n, n, n);
    if (unwinds) {
        const char *unwound = dp_format("%%deep_profile.exit%u.unwound", n);
        fprintf(out, "  %s = or i64 %s, %llu\n", unwound, due,
                (unsigned long long)DP_DUE_UNWOUND);
        due = unwound;
    }
    write_exit(gate, due, out);
    fprintf(out, "  br label %%deep_profile.exit%u.done\n\ndeep_profile.exit%u.done:\n", n, n);
}
