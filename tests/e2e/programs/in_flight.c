/*
 * 100,000 calls open at once: coroutines of a few threads, each suspended inside an
 * annotated call and resumed by another thread than before. Keeps its own tally and
 * the times of every call by its own clock.
 *
 *     in_flight COROUTINES THREADS ROUNDS WORK FIRST_NAP_MS LAST_NAP_MS TIMES|-
 *     in_flight calibrate NANOSECONDS      prints the WORK that takes so long
 *
 * COROUTINES is a power of ten. Every round a call of each coroutine ends and the next
 * begins, in another order and dealt out to the threads in another way than before. The
 * naps are when all have begun for the first time, and when all have ended, before the
 * threads end. TIMES: a file of "inside around" for each call, in nanoseconds.
 *
 * Prints the tally and a sum that depends on nothing but the first four arguments; on
 * stderr resident KB at the most, CPU nanoseconds, and when the last call had ended.
 */
#include <deep_profile.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#ifndef __x86_64__
#include <ucontext.h>
#endif

#ifndef ATTRIBUTES
#define ATTRIBUTES
#endif

enum { STACK = 8192, STATUS = 7 };

struct coroutine {
#ifdef __x86_64__
    void *stack, *back; /* the stack pointers of the coroutine and of who resumed it */
#else
    ucontext_t stack, back;
#endif
    uint64_t sum;
    struct call {
        uint64_t begun, inside, around;
    } *calls;
};

static struct coroutine *coroutines;
static unsigned n_coroutines, n_threads, n_rounds, work;
static int keep_times;
static uint64_t tally;
static pthread_barrier_t barrier;

static uint64_t now_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

#ifdef __x86_64__
/* swapcontext makes two system calls, which would be most of the time here. */
void switch_stacks(void **from, void *to);
__asm__(".text\n"
        ".type switch_stacks, @function\n"
        "switch_stacks:\n"
        "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, (%rdi)\n"
        "mov %rsi, %rsp\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\n"
        "ret\n"
        ".size switch_stacks, . - switch_stacks\n");

static void resume(struct coroutine *self)
{
    switch_stacks(&self->back, self->stack);
}

static void suspend(struct coroutine *self)
{
    switch_stacks(&self->stack, self->back);
}
#else
static void resume(struct coroutine *self)
{
    swapcontext(&self->back, &self->stack);
}

static void suspend(struct coroutine *self)
{
    swapcontext(&self->stack, &self->back);
}
#endif

/* Each step depends on the one before. */
static uint64_t compute(uint64_t x, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++)
        x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return x;
}

ATTRIBUTES __attribute__((noinline)) static void operation(struct coroutine *self,
                                                           struct call *call)
{
    uint64_t first = call ? now_ns(CLOCK_MONOTONIC) : 0;
    self->sum = compute(self->sum, work / 2);
    suspend(self);
    self->sum = compute(self->sum, work - work / 2);
    if (call)
        call->inside = now_ns(CLOCK_MONOTONIC) - first;
}

static struct coroutine *starting; /* main thread only */

static void run(void)
{
    struct coroutine *self = starting;
    suspend(self);
    for (unsigned i = 0; i < n_rounds; i++) {
        struct call *call = keep_times ? &self->calls[i] : NULL;
        if (call)
            call->begun = now_ns(CLOCK_MONOTONIC);
        operation(self, call);
        if (call)
            call->around = now_ns(CLOCK_MONOTONIC) - call->begun;
        __atomic_fetch_add(&tally, 1, __ATOMIC_RELAXED);
    }
    for (;;)
        suspend(self);
}

static void make(unsigned i, char *stack)
{
    struct coroutine *self = &coroutines[i];
    self->sum = i;
    if (keep_times)
        self->calls = calloc(n_rounds, sizeof *self->calls);
#ifdef __x86_64__
    void **top = (void **)(stack + STACK) - 8;
    memset(top, 0, 8 * sizeof *top);
    top[6] = (void *)run; /* returned to with the stack as after a call */
    self->stack = top;
#else
    getcontext(&self->stack);
    self->stack.uc_stack = (stack_t){.ss_sp = stack, .ss_size = STACK};
    makecontext(&self->stack, run, 0);
#endif
    starting = self;
    resume(self);
}

/* In the first round every coroutine begins a call; in each later one it ends it and begins the
 * next. */
static void *step(void *number)
{
    static const unsigned strides[] = {1, 7919, 104729, 611953, 15485863};
    for (unsigned round = 0; round <= n_rounds; round++) {
        uint64_t share = ((uintptr_t)number + round) % n_threads;
        uint64_t first = share * n_coroutines / n_threads;
        uint64_t end = (share + 1) * n_coroutines / n_threads;
        pthread_barrier_wait(&barrier);
        uint64_t turn = strides[round % (sizeof strides / sizeof *strides)];
        for (uint64_t i = first; i < end; i++)
            resume(&coroutines[i * turn % n_coroutines]);
        pthread_barrier_wait(&barrier);
    }
    pthread_barrier_wait(&barrier); /* no call of this thread is in flight any more */
    return NULL;
}

static long resident_kb(void)
{
    long kb = 0;
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = atol(line + 6);
    if (file)
        fclose(file);
    return kb;
}

static void nap(const char *milliseconds)
{
    unsigned ms = (unsigned)atoi(milliseconds);
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static int calibrate(uint64_t wanted_ns)
{
    const unsigned steps = 20000000;
    uint64_t begun = now_ns(CLOCK_THREAD_CPUTIME_ID);
    uint64_t x = compute(1, steps);
    uint64_t took = now_ns(CLOCK_THREAD_CPUTIME_ID) - begun;
    printf("%llu\n", (unsigned long long)(wanted_ns * steps / took) + (x == 0));
    return 0;
}

static void write_times(const char *path)
{
    FILE *file = fopen(path, "w");
    for (unsigned i = 0; file && i < n_coroutines; i++)
        for (unsigned j = 0; j < n_rounds; j++)
            fprintf(file, "%llu %llu\n", (unsigned long long)coroutines[i].calls[j].inside,
                    (unsigned long long)coroutines[i].calls[j].around);
    if (!file || fclose(file) != 0)
        exit(2);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "calibrate") == 0)
        return calibrate(strtoull(argv[2], NULL, 10));
    if (argc != 8)
        return 2;
    n_coroutines = (unsigned)atoi(argv[1]);
    n_threads = (unsigned)atoi(argv[2]);
    n_rounds = (unsigned)atoi(argv[3]);
    work = (unsigned)atoi(argv[4]);
    keep_times = strcmp(argv[7], "-") != 0;
    size_t bytes = (size_t)n_coroutines * STACK;
    char *stacks = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    coroutines = calloc(n_coroutines, sizeof *coroutines);
    if (stacks == MAP_FAILED || !coroutines)
        return 2;
    madvise(stacks, bytes, MADV_NOHUGEPAGE);
    for (unsigned i = 0; i < n_coroutines; i++)
        make(i, stacks + (size_t)i * STACK);
    pthread_t *threads = calloc(n_threads, sizeof *threads);
    pthread_barrier_init(&barrier, NULL, n_threads + 1);
    for (unsigned i = 0; i < n_threads; i++)
        if (pthread_create(&threads[i], NULL, step, (void *)(uintptr_t)i) != 0)
            return 2;

    uint64_t cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    long kb = 0;
    for (unsigned round = 0; round <= n_rounds; round++) {
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        if (round < n_rounds) {
            long now = resident_kb();
            kb = now > kb ? now : kb;
        }
        if (round == 0)
            nap(argv[5]);
    }
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    uint64_t ended = now_ns(CLOCK_REALTIME);
    nap(argv[6]);
    pthread_barrier_wait(&barrier);
    for (unsigned i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    uint64_t sum = 0;
    for (unsigned i = 0; i < n_coroutines; i++)
        sum = compute(sum ^ coroutines[i].sum, 1);
    printf("%llu %llu\n", (unsigned long long)tally, (unsigned long long)sum);
    fprintf(stderr, "%ld %llu %llu\n", kb, (unsigned long long)cpu, (unsigned long long)ended);
    if (keep_times)
        write_times(argv[7]);
    return STATUS;
}
