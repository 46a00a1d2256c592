/*
 * A runtime for the tests of the plugin. It opens every gate, counts enters and exits of
 * each site, and reports at the end of the program what does not balance. Thunks and plain
 * calls lead to the same two functions. It has nothing of the real runtime beyond
 * include/deep_profile/abi/gate.h. Compiled without the plugin.
 *
 * Each thunk overwrites every register that the inserted code declares as clobbered, and
 * writes below the red zone.
 */
#include "fake_runtime.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Thread_local int64_t deep_profile_budget DP_INITIAL_EXEC = -1;
_Thread_local struct dp_open_calls *deep_profile_open DP_INITIAL_EXEC;
_Thread_local uint64_t *deep_profile_counts DP_INITIAL_EXEC;
volatile uint64_t deep_profile_tick __attribute__((aligned(64))) = 1000;
volatile uint64_t deep_profile_entry_tick __attribute__((aligned(64))) = 1000;

#define MAX_MODULES 8
#define MAX_SITES   256

static struct {
    struct dp_site *start, *stop;
} modules[MAX_MODULES];

static uint32_t n_sites;
static struct fake_site sites[MAX_SITES];
static _Thread_local struct dp_open_calls open_calls;
static _Thread_local uint64_t counts[MAX_SITES];
static _Thread_local int depth;
static int failures, loads, unloads;

static void fail(const char *what, const struct dp_site *site)
{
    failures++;
    fprintf(stderr, "fake runtime: %s: %s\n", what, site ? site->desc->function : "");
}

struct fake_site *fake_find(const char *function)
{
    for (uint32_t i = 1; i <= n_sites; i++)
        if (strcmp(sites[i].function, function) == 0)
            return &sites[i];
    fprintf(stderr, "fake runtime: no site named %s\n", function);
    exit(1);
}

uint32_t fake_n_sites(void)
{
    return n_sites;
}

struct fake_site *fake_site_at(uint32_t i)
{
    return &sites[i + 1];
}

int fake_depth(void)
{
    return depth;
}

void fake_forget_depth(int wanted)
{
    depth = wanted;
}

int fake_modules(void)
{
    return loads - unloads;
}

uint64_t fake_counted(const char *function)
{
    return counts[fake_find(function)->site->count_slot];
}

uint64_t fake_open_top(void)
{
    return open_calls.top;
}

const struct dp_open_call *fake_open_call(uint64_t depth_from_0)
{
    return &open_calls.calls[depth_from_0 % DP_OPEN_MAX];
}

static void add_site(struct dp_site *site)
{
    if (n_sites + 1 == MAX_SITES)
        abort();
    site->index = ++n_sites;
    site->weight = DP_WEIGHT_ALWAYS;
    bool whole_program = site->desc->flags & DP_SITE_WHOLE_PROGRAM;
    site->count_slot = whole_program || site->desc->flags & DP_SITE_COUNTED ? n_sites : 0;
    sites[n_sites].site = site;
    /* Copied, since the module may be unloaded when the test looks at them. */
    snprintf(sites[n_sites].function, sizeof sites->function, "%s", site->desc->function);
    sites[n_sites].flags = site->desc->flags;
    if (site->slow_after != DP_SLOW_NEVER || (uintptr_t)site % sizeof *site != 0)
        fail("site is not as it should be", site);
    if (whole_program)
        site->slow_after += DP_ASK;
}

void deep_profile_module_load(uint32_t abi, struct dp_site *start, struct dp_site *stop)
{
    if (abi != DP_ABI_VERSION || stop < start)
        fail("bad module", NULL);
    int i = 0;
    for (; i < MAX_MODULES && modules[i].start; i++)
        if (modules[i].start == start)
            return;
    if (i == MAX_MODULES)
        abort();
    modules[i].start = start;
    modules[i].stop = stop;
    loads++;
    for (struct dp_site *site = start; site < stop; site++)
        add_site(site);
}

void deep_profile_module_unload(struct dp_site *start)
{
    for (int i = 0; i < MAX_MODULES; i++)
        if (modules[i].start == start && start) {
            memset(&modules[i], 0, sizeof modules[i]);
            unloads++;
            return;
        }
}

static bool is_ours(const struct dp_site *site)
{
    return site->index >= 1 && site->index <= n_sites && sites[site->index].site == site;
}

uint64_t deep_profile_enter_call(struct dp_site *site)
{
    deep_profile_budget = fake_refill;
    deep_profile_open = &open_calls;
    deep_profile_counts = counts;
    if (!is_ours(site)) { /* a constructor that runs before ours */
        fail("enter of a site that is not registered", NULL);
        return deep_profile_tick | DP_DUE_OPENED;
    }
    sites[site->index].enters++;
    depth++;
    return (deep_profile_tick + site->index) | DP_DUE_OPENED;
}

uint64_t deep_profile_ask_call(struct dp_site *site)
{
    uint64_t due = deep_profile_entry_tick + site->slow_after;
    deep_profile_budget -= site->weight;
    due = deep_profile_budget < 0 || due & DP_ASK_ALL_SHOWS ? deep_profile_enter_call(site)
                                                            : due & ~DP_ASKS;
    if (site->count_slot && deep_profile_counts)
        deep_profile_counts[site->count_slot]++;
    return due;
}

void deep_profile_exit_call(struct dp_site *site, uint64_t due)
{
    if (!is_ours(site)) {
        fail("exit of a site that is not registered", NULL);
        return;
    }
    struct fake_site *known = &sites[site->index];
    if (!(due & DP_DUE_OPENED)) { /* the gate stayed closed, but the call was slow */
        known->slow_exits++;
        return;
    }
    known->exits++;
    known->unwound += (due & DP_DUE_UNWOUND) != 0;
    if ((due & ~DP_DUE_UNWOUND) != ((deep_profile_tick + site->index) | DP_DUE_OPENED))
        fail("due was lost", site);
    depth--;
}

int64_t fake_refill = -1;
volatile int fake_stop;

/* In this file, which TSan does not instrument; nor does it see the real runtime. */
void fake_switch_on(struct fake_site *site, int seconds)
{
    ((volatile struct dp_site *)site->site)->weight = DP_WEIGHT_ALWAYS;
    for (int i = 0; i < seconds * 1000 && !((volatile struct fake_site *)site)->enters; i++)
        usleep(1000);
    fake_stop = 1;
}

static void check_counts(uint32_t i)
{
    if (!(sites[i].flags & DP_SITE_WHOLE_PROGRAM) || counts[i] == sites[i].enters)
        return;
    failures++;
    fprintf(stderr, "fake runtime: %s: %llu in, but %llu counted\n", sites[i].function,
            (unsigned long long)sites[i].enters, (unsigned long long)counts[i]);
}

/* The whole-program tests have one thread. */
int fake_finish(void)
{
    for (uint32_t i = 1; i <= n_sites; i++) {
        check_counts(i);
        if (sites[i].enters != sites[i].exits && !sites[i].never_left) {
            failures++;
            fprintf(stderr, "fake runtime: %s: %llu in, %llu out\n", sites[i].function,
                    (unsigned long long)sites[i].enters, (unsigned long long)sites[i].exits);
        }
    }
    if (depth != 0)
        fail("some call is still open", NULL);
    return failures ? 1 : 0;
}

#if defined __x86_64__ && !defined __ILP32__
/* Steps over the red zone, calls, and spoils r10, r11 and the flags. */
#define THUNK(name, target, keep_rax)                                                              \
    __asm__(".text\n.globl " name "\n.type " name ", @function\n" name ":\n"                       \
            "lea -128(%rsp), %rsp\n"                                                               \
            "push %rbp\nmov %rsp, %rbp\n"                                                          \
            "push %r11\npush %rcx\npush %rdx\npush %rsi\npush %rdi\npush %r8\npush %r9\n"          \
            "push %rax\n"                                                                          \
            "sub $528, %rsp\nand $-64, %rsp\nfxsave64 (%rsp)\n"                                    \
            "mov %r10, %rdi\nmov %rax, %rsi\ncall " target "\n"                                    \
            "fxrstor64 (%rsp)\n"                                                                   \
            "mov -8(%rbp), %r11\nmov -16(%rbp), %rcx\nmov -24(%rbp), %rdx\n"                       \
            "mov -32(%rbp), %rsi\nmov -40(%rbp), %rdi\nmov -48(%rbp), %r8\nmov -56(%rbp), "        \
            "%r9\n" keep_rax "mov %rbp, %rsp\npop %rbp\nlea 128(%rsp), %rsp\n"                     \
            "movabs $0x5a5a5a5a5a5a5a5a, %r10\nxor %eax, %r10d\n"                                  \
            "jmp *%r11\n.size " name ", . - " name "\n")
THUNK("deep_profile_enter", "deep_profile_enter_call", "");
THUNK("deep_profile_exit", "deep_profile_exit_call", "mov -64(%rbp), %rax\n");
#endif
