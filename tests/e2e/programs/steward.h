/*
 * Waiting for the runtime's own thread, which a busy machine may not run for seconds. Its work is
 * done when it has gone to sleep again, not when some time has passed.
 * Without malloc, which a test may count.
 */
#ifndef STEWARD_H
#define STEWARD_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bytes read of /proc/self/task/TID/NAME, a string; 0: there is none. */
static inline long steward_file(int tid, const char *name, char *text, size_t capacity)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", tid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    long got = read(fd, text, capacity - 1);
    close(fd);
    text[got > 0 ? got : 0] = 0;
    return got > 0 ? got : 0;
}

/* Its thread id; 0: nothing is profiled. */
static inline int steward_tid(void)
{
    char entries[4096], name[32];
    int found = 0, fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (long got; !found && fd >= 0 && (got = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0;)
        for (long at = 0; !found && at < got;) {
            unsigned short bytes; /* struct linux_dirent64: d_reclen, and d_name behind d_type */
            int tid = atoi(entries + at + 19);
            memcpy(&bytes, entries + at + 16, sizeof bytes);
            at += bytes;
            if (tid > 0 && steward_file(tid, "comm", name, sizeof name) &&
                strcmp(name, "deep-profile\n") == 0)
                found = tid;
        }
    if (fd >= 0)
        close(fd);
    return found;
}

/* How often it has gone to sleep. */
static inline long steward_sleeps(int tid)
{
    char text[4096];
    const char *line = steward_file(tid, "status", text, sizeof text)
                           ? strstr(text, "\nvoluntary_ctxt_switches:") : NULL;
    return line ? atol(strchr(line, ':') + 1) : -1;
}

/* Waits until it has gone to sleep at least so many times more; calls `pass` meanwhile. */
static inline void let_steward_sleep(int times, void (*pass)(long ms), long ms)
{
    int tid = steward_tid();
    long begin = tid ? steward_sleeps(tid) : -1;
    while (begin >= 0 && steward_sleeps(tid) >= 0 && steward_sleeps(tid) < begin + times)
        pass(ms);
}

static inline void steward_nap(long ms)
{
    usleep((unsigned)ms * 1000);
}

/* Waits until it has finished a round that began after this call. */
static inline void let_steward_look(void)
{
    let_steward_sleep(3, steward_nap, 1);
}

#endif
