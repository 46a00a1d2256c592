/* See syscall_names.h. */
#include "syscall_names.h"

#include <stddef.h>
#include <sys/syscall.h>

/* Those that wait. Older ones are not on every machine. */
static const struct {
    int32_t number;
    const char *name;
} calls[] = {
#define CALL(name) {SYS_##name, #name},
    CALL(accept4) CALL(clock_nanosleep) CALL(close) CALL(connect) CALL(copy_file_range)
    CALL(epoll_pwait) CALL(execve) CALL(fallocate) CALL(fcntl) CALL(fdatasync) CALL(flock)
    CALL(fsync) CALL(ftruncate) CALL(futex) CALL(getdents64) CALL(getrandom) CALL(io_getevents)
    CALL(io_submit) CALL(ioctl) CALL(madvise) CALL(mmap) CALL(mprotect) CALL(mremap) CALL(msgrcv)
    CALL(msgsnd) CALL(msync) CALL(munmap) CALL(nanosleep) CALL(openat) CALL(ppoll) CALL(pread64)
    CALL(preadv) CALL(pselect6) CALL(pwrite64) CALL(pwritev) CALL(read) CALL(readv) CALL(recvfrom)
    CALL(recvmmsg) CALL(recvmsg) CALL(renameat) CALL(restart_syscall) CALL(rt_sigsuspend)
    CALL(rt_sigtimedwait) CALL(sched_yield) CALL(semtimedop) CALL(sendfile) CALL(sendmmsg)
    CALL(sendmsg) CALL(sendto) CALL(splice) CALL(sync_file_range) CALL(tee) CALL(unlinkat)
    CALL(vmsplice) CALL(wait4) CALL(waitid) CALL(write) CALL(writev) CALL(accept)
#ifdef SYS_epoll_wait
    CALL(epoll_wait)
#endif
#ifdef SYS_io_uring_enter
    CALL(io_uring_enter)
#endif
#ifdef SYS_open
    CALL(open)
#endif
#ifdef SYS_pause
    CALL(pause)
#endif
#ifdef SYS_poll
    CALL(poll)
#endif
#ifdef SYS_select
    CALL(select)
#endif
#ifdef SYS_semop
    CALL(semop)
#endif
#ifdef SYS_unlink
    CALL(unlink)
#endif
#undef CALL
};

const char *dp_syscall_name(int32_t number)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == number)
            return calls[i].name;
    return NULL;
}
