/*
 * Instruments the functions that carry an attribute. What a person writes:
 *
 *     DEEP_PROFILE_IF_SLOW(500ms) DEEP_PROFILE_CALLS()
 *     int query(struct db *db)
 *     {
 *         if (!db)
 *             return -1;
 *         return run(db);
 *     }
 *
 * and what is compiled (gate_early.cc builds the marked lines; tests/plugin/pictures.py
 * compares them with what GCC dumps):
 *
 *     int query(struct db *db)
 *     {
 *         left = deep_profile_budget -= site.weight;                   entry
 *         due = deep_profile_entry_tick + site.slow_after;             entry
 *         if ((left | due) < 0)                                        entry
 *             due = deep_profile_enter(&site);                         entry, asm, cold
 *         open = deep_profile_open;                                    entry, profile_if_slow
 *         depth = UINT64_MAX;                                          entry, profile_if_slow
 *         if (open) {                                                  entry, profile_if_slow
 *             depth = open->top;                                       entry, profile_if_slow
 *             open->calls[depth % DP_OPEN_MAX] = {due, site.index};    entry, profile_if_slow
 *             open->top = depth + 1;                                   entry, profile_if_slow
 *         }
 *         if ((counts = deep_profile_counts))                          entry, profile_calls
 *             counts[site.count_slot]++;                               entry, profile_calls
 *         try {
 *             if (!db)
 *                 return -1;
 *             return run(db);
 *         } finally {
 *             if ((open = deep_profile_open))                          exit, profile_if_slow
 *                 open->top = min(open->top, depth);                   exit, profile_if_slow
 *             if (deep_profile_tick >= due)                            exit
 *                 deep_profile_exit(&site, due);                       exit, asm, cold
 *         }
 *     }
 *
 * Why here, before the pass "lower": the body is still one tree of statements,
 * so a GIMPLE_TRY_FINALLY around it catches every way out (return, goto,
 * exception, forced unwinding), and lowering makes the edges. It is before
 * inlining, so an inlined copy is profiled like the function itself. The EH
 * half of the cleanup differs from the normal one (GIMPLE_EH_ELSE): it reports
 * to the runtime that an exception ended the call. longjmp skips the cleanup;
 * the runtime notices by the stack pointer.
 *
 * A wrapped body makes no sibling calls: after `return run(db)` the exit's code
 * is still to run. Deep mutual recursion that relied on -foptimize-sibling-calls
 * to run in constant stack will need stack. A C++20 coroutine is several functions
 * (start, resume, destroy): each becomes a site of its name.
 *
 * Debugging: -fplugin-arg-deep_profile-verbose names the functions.
 * -fdump-tree-all writes, among others, FILE.*.deep_profile_early: the wrapped
 * body. (GCC reads -fdump- options before it knows our passes, so they have no
 * option of their own.) -fdump-tree-eh shows the edges, -fdump-tree-optimized what
 * the optimizers leave of it, -S -fverbose-asm the asm.
 * -fplugin-arg-deep_profile-plain-calls calls the runtime instead of jumping, as
 * on other processors.
 */
#include "instrument_early.h"
#include "attribute.h"
#include "gate_early.h"
#include "instrument_late.h"
#include "resolver.h"
#include "site.h"

#include "deep_profile/abi/gate.h"

bool dp_verbose;

/* Functions whose code must stay as it is. */
static bool refuse(tree fn)
{
    const char *why = dp_runs_early(fn);
    if (lookup_attribute("naked", DECL_ATTRIBUTES(fn)))
        why = "is naked: nothing may stand before its own code";
    if (why)
        error_at(DECL_SOURCE_LOCATION(fn), "'%s' cannot be profiled: it %s", dp_function_name(fn),
                 why);
    return why != NULL;
}

/* Has the program reserved a register that the thunks change? Warns: in whole-program mode
 * once, otherwise for each annotated function. */
static bool registers_are_taken(tree fn)
{
    static bool said;
    const char *taken = dp_plain_calls ? NULL : dp_taken_register();
    const location_t place = DECL_SOURCE_LOCATION(fn);
    if (taken && !dp_all)
        warning_at(place, 0, "'%s' is not profiled: the program keeps register %s for itself",
                   dp_function_name(fn), taken);
    else if (taken && !said)
        warning_at(place, 0,
                   "nothing in this file is profiled: the program keeps register %s for itself",
                   taken);
    said |= taken != NULL;
    return taken != NULL;
}

/* Marks `fn` so that whole-program mode skips it. The decision is made here because the
 * late pass sees functions after inlining, and a link with -flto knows neither the ifunc of
 * a resolver nor its name. */
static void leave_alone(tree fn)
{
    DECL_ATTRIBUTES(fn) =
        tree_cons(get_identifier("no_instrument_function"), NULL_TREE, DECL_ATTRIBUTES(fn));
}

/* Turns the steps into labels and gotos. */
static void lay_out(gimple_seq *code, const vec<dp_gate_step> &steps)
{
    for (unsigned i = 0; i < steps.length(); i++) {
        const struct dp_gate_step &step = steps[i];
        tree yes = create_artificial_label(UNKNOWN_LOCATION);
        tree no = create_artificial_label(UNKNOWN_LOCATION);
        gimple_seq_add_seq(code, step.straight);
        gimple_seq_add_stmt(code, gimple_build_cond(step.code, step.left, step.right, yes, no));
        gimple_seq_add_stmt(code, gimple_build_label(yes));
        gimple_seq_add_seq(code, step.then);
        gimple_seq_add_stmt(code, gimple_build_label(no));
    }
}

static gimple_seq exit_code(const struct dp_early_gate *gate, enum dp_way_out way)
{
    auto_vec<dp_gate_step> steps;
    gimple_seq code = NULL;
    dp_early_gate_exit(gate, way, &steps);
    lay_out(&code, steps);
    return code;
}

static void wrap_body(tree fn, const struct dp_early_gate *gate)
{
    auto_vec<dp_gate_step> steps;
    gimple_seq code = NULL, cleanup = NULL, body = NULL;
    dp_early_gate_entry(gate, &steps);
    lay_out(&code, steps);
    gimple_seq normal = exit_code(gate, DP_BY_RETURN);
    if (flag_exceptions)
        gimple_seq_add_stmt(&cleanup,
                            gimple_build_eh_else(normal, exit_code(gate, DP_BY_EXCEPTION)));
    else
        cleanup = normal;
    gimple_seq_add_stmt(&code, gimple_build_try(gimple_body(fn), cleanup, GIMPLE_TRY_FINALLY));
    gimple_seq_add_stmt(&body, gimple_build_bind(NULL_TREE, code, NULL_TREE));
    gimple_set_body(fn, body);
}

static void print_instrumented(tree fn, const vec<dp_annotation> &written)
{
    expanded_location at = expand_location(DECL_SOURCE_LOCATION(fn));
    fprintf(stderr, "deep-profile: %s (%s:%d):", dp_function_name(fn), at.file, at.line);
    for (unsigned i = 0; i < written.length(); i++)
        fprintf(stderr, "%s %s(%s)", i ? "," : "", dp_attribute_name(written[i].attribute),
                written[i].text);
    fputc('\n', stderr);
}

static const pass_data early_pass_data = {
    GIMPLE_PASS, "deep_profile_early", OPTGROUP_NONE, TV_NONE, PROP_gimple_any, 0, 0, 0, 0,
};

class early_pass : public gimple_opt_pass
{
  public:
    early_pass() : gimple_opt_pass(early_pass_data, g)
    {
    }

    unsigned execute(function *) override
    {
        auto_vec<dp_annotation> written;
        struct dp_early_gate gate;
        tree fn = current_function_decl;
        dp_check_bodiless(NULL, NULL);
        dp_find_early_functions();
        if (dp_all && symtab->state <= CONSTRUCTION) { /* skip a sanitizer's constructor */
            dp_register_module();
            if (dp_runs_early(fn) || registers_are_taken(fn))
                leave_alone(fn);
        }
        if (!dp_collect_attributes(fn, &written) || refuse(fn) || registers_are_taken(fn))
            return 0;
        uint32_t flags = dp_site_flags(written);
        dp_early_gate_init(&gate, fn, dp_make_site(fn, written, flags), flags);
        wrap_body(fn, &gate);
        if (dp_verbose)
            print_instrumented(fn, written);
        return 0;
    }
};

void dp_register_early_pass(const char *plugin)
{
    static struct register_pass_info info;
    info.pass = new early_pass();
    info.reference_pass_name = "lower";
    info.ref_pass_instance_number = 1;
    info.pos_op = PASS_POS_INSERT_BEFORE;
    register_callback(plugin, PLUGIN_PASS_MANAGER_SETUP, NULL, &info);
}
