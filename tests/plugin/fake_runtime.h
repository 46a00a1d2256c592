/* What the run-pass tests ask the fake runtime; see fake_runtime.c. */
#ifndef FAKE_RUNTIME_H
#define FAKE_RUNTIME_H

#include <stdbool.h>

#include "deep_profile/abi/gate.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fake_site {
    struct dp_site *site;
    char function[128];
    uint32_t flags;
    uint64_t enters, exits;
    uint64_t unwound;    /* exits by exception */
    uint64_t slow_exits; /* exits of calls that passed a closed gate */
    bool never_left;     /* the test leaves the call by longjmp or exit */
};

/* The site of a function; ends the program if there is none. */
struct fake_site *fake_find(const char *function);
uint32_t fake_n_sites(void);
struct fake_site *fake_site_at(uint32_t i); /* from 0 */
int fake_modules(void);                      /* loaded now */
int fake_depth(void);                        /* opened calls of this thread */
void fake_forget_depth(int wanted);          /* after a longjmp */
uint64_t fake_counted(const char *function); /* of this thread */
uint64_t fake_open_top(void);
const struct dp_open_call *fake_open_call(uint64_t depth_from_0);
extern int64_t fake_refill; /* budget after a gate has opened; at first -1: every gate opens */

/* Opens the gate of the site for every call, waits for the first one, and sets fake_stop. */
void fake_switch_on(struct fake_site *site, int seconds);
extern volatile int fake_stop;

/* The status for main to return: 0 if every call that entered was also left. */
int fake_finish(void);

#ifdef __cplusplus
}
#endif

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#endif
