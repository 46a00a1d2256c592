/*
 * Coroutines of makecontext and swapcontext that are suspended inside recorded calls:
 * resumed in order, in reverse, some never, and some on another thread than before.
 * Their stacks are side by side, so that a distance shows nothing.
 *
 *     coroutines ORDER kill|-   ORDER: rising falling mixed migrating abandoned
 */
#include "jumps.h"

#include <pthread.h>
#include <ucontext.h>

enum { COUNT = 600, FEW = 40, STACK = 16384 };

struct coroutine {
    ucontext_t context, *back;
    int outer, inner;
};

static char stacks[COUNT][STACK] __attribute__((aligned(64)));
static struct coroutine coroutines[COUNT];

static int migrating;

HIDDEN void yield(struct coroutine *self)
{
    swapcontext(&self->context, self->back);
}

PROFILED void inner(struct coroutine *self)
{
    inside(self->inner);
    yield(self);
    spin(2);
    last(self->inner);
}

PROFILED void outer(struct coroutine *self)
{
    inside(self->outer);
    yield(self);
    self->inner = begin("inner");
    inner(self);
    end(self->inner);
    yield(self);
    last(self->outer);
}

HIDDEN void run(unsigned n)
{
    struct coroutine *self = &coroutines[n];
    self->outer = begin("outer");
    outer(self);
    end(self->outer);
    for (;;)
        yield(self);
}

HIDDEN void make(unsigned n, unsigned stack)
{
    struct coroutine *self = &coroutines[n];
    getcontext(&self->context);
    self->context.uc_stack.ss_sp = stacks[stack];
    self->context.uc_stack.ss_size = STACK;
    makecontext(&self->context, (void (*)(void))run, 1, n);
}

PROFILED void resume(int i, struct coroutine *to)
{
    ucontext_t here;
    inside(i);
    to->back = &here;
    swapcontext(&here, &to->context);
    last(i);
}

HIDDEN void step(unsigned n)
{
    if (migrating) { /* where the first word of a thread may be the end of a call */
        ucontext_t here;
        coroutines[n].back = &here;
        swapcontext(&here, &coroutines[n].context);
        return;
    }
    int i = begin("resume");
    resume(i, &coroutines[n]);
    end(i);
}

HIDDEN void *step_all(void *count)
{
    for (unsigned n = 0; n < (unsigned)(uintptr_t)count; n++)
        step(n);
    return NULL;
}

int main(int argc, char **argv)
{
    const char *order = argc > 1 ? argv[1] : "rising";
    unsigned count = strcmp(order, "migrating") == 0 || strcmp(order, "abandoned") == 0 ? FEW : COUNT;
    for (unsigned n = 0; n < count; n++)
        make(n, strcmp(order, "falling") == 0 ? count - 1 - n : n);
    migrating = strcmp(order, "migrating") == 0;
    if (migrating) {
        for (int times = 0; times < 4; times++) { /* each time on a thread of its own */
            pthread_t thread;
            pthread_create(&thread, NULL, step_all, (void *)(uintptr_t)count);
            pthread_join(thread, NULL);
        }
    } else if (strcmp(order, "mixed") == 0) {
        for (int times = 0; times < 4; times++)
            for (unsigned n = 0; n < count; n++)
                step(n * 7 % count);
    } else {
        for (int times = 0; times < (strcmp(order, "abandoned") == 0 ? 2 : 4); times++)
            step_all((void *)(uintptr_t)count);
    }
    return finish(argc - 1, argv + 1);
}
