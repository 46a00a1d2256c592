/*
 * A host whose stack is aligned to 8 bytes only, as inline assembly and other languages'
 * runtimes leave it, wherever it calls something of libc. Each of these calls works
 * without the profiler. The argument names the call.
 */
#define _GNU_SOURCE
#include <deep_profile.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* function(a, b, c), with a stack pointer that is 8 off. */
static __attribute__((noinline)) uint64_t call(void *function, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t result;
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "subq $256, %%rsp\n\t"
                     "andq $-16, %%rsp\n\t"
                     "subq $8, %%rsp\n\t"
                     "call *%%rax\n\t"
                     "movq %%rbx, %%rsp"
                     : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
                     : "a"(function)
                     : "rbx", "rcx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1",
                       "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                       "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return result;
}

#define CALL(function, a, b, c)                                                                    \
    call((void *)(function), (uint64_t)(a), (uint64_t)(b), (uint64_t)(c))

DEEP_PROFILE_MEMORY() DEEP_PROFILE_CALLS() __attribute__((noinline)) int recorded(int n)
{
    void *block = (void *)CALL(malloc, 100 + n, 0, 0);
    block = (void *)CALL(realloc, block, 5000, 0);
    CALL(free, block, 0, 0);
    free((void *)CALL(calloc, 10, 10, 0));
    void *aligned;
    if (CALL(posix_memalign, &aligned, 64, 100) == 0)
        free(aligned);
    return n + 1;
}

static void handler(int signal)
{
    (void)signal;
}

static void in_child(void)
{
    int status = 0;
    pid_t child = (pid_t)CALL(fork, 0, 0, 0);
    if (child == 0) {
        recorded(3);
        CALL(exit, 0, 0, 0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        abort();
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    struct sigaction action = {.sa_handler = handler}, old;
    static jmp_buf here;
    CALL(recorded, 1, 0, 0);
    if (strcmp(what, "sigaction") == 0) {
        CALL(sigaction, SIGUSR1, &action, &old);
        CALL(sigaction, SIGBUS, &action, &old);
        CALL(sigaction, SIGBUS, NULL, &action);
        CALL(signal, SIGBUS, handler, 0);
        CALL(raise, SIGBUS, 0, 0);
    } else if (strcmp(what, "longjmp") == 0) {
        if (setjmp(here) == 0)
            CALL(longjmp, here, 1, 0);
    } else if (strcmp(what, "fork") == 0) {
        in_child();
    }
    CALL(exit, 0, 0, 0);
}
