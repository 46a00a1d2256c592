/*
 * longjmp of the shared library, interposed in front of libc's: calls that are jumped over
 * end at once, not only when the next call shows it. Jumps that this does not see
 * (statically linked programs, setcontext, other libraries' own ways) are noticed later by
 * stacks.c, by the stack pointer.
 *
 * Must not allocate, lock, or take part in the jump itself.
 */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>

#include "base/os.h"
#include "base/compiler.h"
#include "hot/stacks.h"
#include "thread/lane.h"

#if defined __x86_64__ && defined __GLIBC__

#define EXPORT __attribute__((visibility("default")))

typedef void jump_function(struct __jmp_buf_tag *, int);

static jump_function *next_longjmp, *next_siglongjmp, *next_longjmp_chk;
static bool readable; /* the format that setjmp writes is known */

/* The stack pointer that setjmp has stored, mangled (glibc, sysdeps/x86_64). */
static uintptr_t target_of(const struct __jmp_buf_tag *buffer)
{
    uintptr_t stack = (uintptr_t)buffer->__jmpbuf[6], guard;
    __asm__("movq %%fs:0x30, %0" : "=r"(guard));
    return (stack >> 17 | stack << 47) ^ guard;
}

static __attribute__((noinline)) bool understands_setjmp(void)
{
    jmp_buf buffer;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (_setjmp(buffer))
        return false;
    return here - target_of(buffer) < 4096;
}

#define RESOLVE(variable, name) *(void **)&variable = dlsym(RTLD_NEXT, name)

__attribute__((constructor(101), cold)) DP_FROM_HOST static void resolve(void)
{
    if (next_longjmp)
        return;
    RESOLVE(next_siglongjmp, "siglongjmp");
    RESOLVE(next_longjmp_chk, "__longjmp_chk");
    RESOLVE(next_longjmp, "longjmp");
    readable = understands_setjmp();
}

static __attribute__((noinline)) DP_FROM_HOST void look_at(const struct __jmp_buf_tag *buffer)
{
    int saved_errno = errno;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), handlers = 0;
    size_t bytes = 0;
    if (!next_longjmp)
        resolve(); /* before our constructor: there are no calls to end yet */
    const struct dp_lane *lane = dp_self;
    if (readable && lane) {
        if (!dp_on_own_stack(lane, here))
            dp_os_signal_stack(&handlers, &bytes);
        dp_stacks_jump(target_of(buffer), here, handlers, bytes);
    }
    errno = saved_errno;
}

EXPORT __attribute__((noreturn)) void longjmp(jmp_buf buffer, int value)
{
    look_at(buffer);
    next_longjmp(buffer, value);
    __builtin_unreachable();
}

EXPORT __attribute__((noreturn)) void _longjmp(jmp_buf buffer, int value)
{
    look_at(buffer);
    next_longjmp(buffer, value);
    __builtin_unreachable();
}

EXPORT __attribute__((noreturn)) void siglongjmp(sigjmp_buf buffer, int value)
{
    look_at(buffer);
    next_siglongjmp(buffer, value);
    __builtin_unreachable();
}

/* The names that _FORTIFY_SOURCE uses for the three. */
__attribute__((noreturn)) void __longjmp_chk(struct __jmp_buf_tag *buffer, int value);
EXPORT void __longjmp_chk(struct __jmp_buf_tag *buffer, int value)
{
    look_at(buffer);
    (next_longjmp_chk ? next_longjmp_chk : next_longjmp)(buffer, value);
    __builtin_unreachable();
}

#endif
