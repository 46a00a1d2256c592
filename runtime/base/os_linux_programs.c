/* os.h on Linux: starting another program. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)32 << 10) /* of each of the two */
#define CLOSED_BY_HAND 4096            /* descriptors, where the kernel has no close_range */
#define STAYS_OPEN 3                   /* in the program: its end is seen by it */
#define FIRST_FREE 16

struct launch {
    const struct dp_os_program *program;
    char *stacks;
    int pipe[2];
    int error; /* errno of what failed in a child; both write into our memory */
};

/* Nothing of the host's stays: whoever reads from the host's end of a pipe must not wait for
 * us, and ^C at the terminal is not for us. */
static void leave_the_host(const struct launch *launch)
{
    uint64_t no_signal = 0;
    /* Out of the way of the numbers that they get: the host may have closed some of these. */
    int end = (int)syscall(SYS_fcntl, launch->pipe[1], F_DUPFD, FIRST_FREE);
    int null = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
    null = (int)syscall(SYS_fcntl, null, F_DUPFD, FIRST_FREE);
    for (int fd = 0; fd < STAYS_OPEN; fd++)
        syscall(SYS_dup3, null, fd, 0);
    syscall(SYS_dup3, end, STAYS_OPEN, 0);
    if (syscall(SYS_close_range, STAYS_OPEN + 1, UINT_MAX, 0) != 0)
        for (int fd = STAYS_OPEN + 1; fd < CLOSED_BY_HAND; fd++)
            syscall(SYS_close, fd);
    syscall(SYS_setsid);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signal, NULL, sizeof no_signal);
}

static int run_program(void *argument)
{
    struct launch *launch = argument;
    const struct dp_os_program *program = launch->program;
    leave_the_host(launch);
    int error = ENOENT;
    for (size_t i = 0; i < program->n_paths; i++) {
        syscall(SYS_execve, program->paths[i], program->arguments, program->environment);
        error = errno != ENOENT ? errno : error;
    }
    launch->error = error;
    syscall(SYS_exit_group, 127);
    return 0;
}

/* A child in our memory: we go on when it has ended or become another program. Its end
 * sends no signal. */
static int run_in_child(int (*run)(void *), char *stack, struct launch *launch)
{
    return clone(run, stack + STACK_BYTES, CLONE_VM | CLONE_VFORK, launch);
}

/* Ends at once, so that the program is not the host's child. */
static int step_aside(void *argument)
{
    struct launch *launch = argument;
    if (run_in_child(run_program, launch->stacks, launch) < 0)
        launch->error = errno;
    syscall(SYS_exit_group, 0);
    return 0;
}

static bool wait_for_end(int fd, uint64_t wait_ns)
{
    uint64_t until = dp_os_monotonic_ns() + wait_ns, now;
    struct pollfd end = {.fd = fd, .events = POLLIN};
    while ((now = dp_os_monotonic_ns()) < until) {
        struct timespec left = {(time_t)((until - now) / 1000000000),
                                (long)((until - now) % 1000000000)};
        long n = syscall(SYS_ppoll, &end, 1, &left, NULL, 0);
        if (n != 0)
            return n > 0;
    }
    return false;
}

int dp_os_run_detached(const struct dp_os_program *program, uint64_t wait_ns, bool *ended)
{
    struct launch launch = {.program = program};
    *ended = false;
    launch.stacks = dp_os_map_memory(2 * STACK_BYTES);
    if (!launch.stacks)
        return -ENOMEM;
    int error = syscall(SYS_pipe2, launch.pipe, O_CLOEXEC) == 0 ? 0 : -errno;
    if (!error) {
        int child = run_in_child(step_aside, launch.stacks + STACK_BYTES, &launch);
        error = child < 0 ? -errno : 0;
        syscall(SYS_close, launch.pipe[1]);
        if (!error) {
            syscall(SYS_wait4, child, NULL, __WCLONE, NULL);
            error = -launch.error;
        }
        if (!error && wait_ns > 0)
            *ended = wait_for_end(launch.pipe[0], wait_ns);
        syscall(SYS_close, launch.pipe[0]);
    }
    dp_os_unmap(launch.stacks, 2 * STACK_BYTES);
    return error;
}
