/* See waits.h. Locks are those of glibc, whose layouts are part of its ABI. */
#include "waits.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/os.h"
#include "common/text.h"
#include "file_locks.h"

#define POLLED_SHOWN 3
#define FRAMES_LOOKED_AT 5 /* of the stack, innermost first: the lock's functions are there */

/* What a system call's first argument is. */
enum argument { ARGUMENT_FD, ARGUMENT_FUTEX, ARGUMENT_POLL };

static const struct {
    int16_t syscall;
    uint8_t argument;
} known_calls[] = {
#ifdef SYS_poll
    {SYS_poll, ARGUMENT_POLL},
    {SYS_epoll_wait, ARGUMENT_FD},
#endif
    {SYS_ppoll, ARGUMENT_POLL},        {SYS_futex, ARGUMENT_FUTEX},
    {SYS_epoll_pwait, ARGUMENT_FD},    {SYS_read, ARGUMENT_FD},
    {SYS_write, ARGUMENT_FD},          {SYS_readv, ARGUMENT_FD},
    {SYS_writev, ARGUMENT_FD},         {SYS_pread64, ARGUMENT_FD},
    {SYS_pwrite64, ARGUMENT_FD},       {SYS_recvfrom, ARGUMENT_FD},
    {SYS_recvmsg, ARGUMENT_FD},        {SYS_sendto, ARGUMENT_FD},
    {SYS_sendmsg, ARGUMENT_FD},        {SYS_accept, ARGUMENT_FD},
    {SYS_accept4, ARGUMENT_FD},        {SYS_connect, ARGUMENT_FD},
    {SYS_fsync, ARGUMENT_FD},          {SYS_fdatasync, ARGUMENT_FD},
    {SYS_fallocate, ARGUMENT_FD},      {SYS_ftruncate, ARGUMENT_FD},
    {SYS_flock, ARGUMENT_FD},          {SYS_fcntl, ARGUMENT_FD},
    {SYS_ioctl, ARGUMENT_FD},          {SYS_sendfile, ARGUMENT_FD},
    {SYS_getdents64, ARGUMENT_FD},     {SYS_sync_file_range, ARGUMENT_FD},
};

enum lock { LOCK_UNKNOWN, LOCK_MUTEX, LOCK_RWLOCK, LOCK_CONDITION, LOCK_SEMAPHORE, LOCK_JOIN,
            LOCK_BARRIER };
static const char *const lock_names[] = {"futex",     "mutex",  "rwlock", "condition",
                                         "semaphore", "thread", "barrier"};

/* libc's functions that wait: a frame between start and end is in one of them. */
static struct waiter {
    uintptr_t code;
    enum lock lock;
    uint64_t bytes; /* 0: not known */
} waiters[] = {
    {(uintptr_t)pthread_rwlock_rdlock, LOCK_RWLOCK, 0},
    {(uintptr_t)pthread_rwlock_wrlock, LOCK_RWLOCK, 0},
    {(uintptr_t)pthread_cond_wait, LOCK_CONDITION, 0},
    {(uintptr_t)pthread_cond_timedwait, LOCK_CONDITION, 0},
    {(uintptr_t)sem_wait, LOCK_SEMAPHORE, 0},
    {(uintptr_t)sem_timedwait, LOCK_SEMAPHORE, 0},
    {(uintptr_t)pthread_barrier_wait, LOCK_BARRIER, 0},
};

/* Not in static programs, which have no dynamic symbols. */
extern int dladdr1(const void *, Dl_info *, void **, int) __attribute__((weak));

void dp_waits_init(void)
{
    for (size_t i = 0; dladdr1 && i < sizeof waiters / sizeof *waiters; i++) {
        Dl_info found;
        const Elf64_Sym *symbol = NULL;
        if (dladdr1((const void *)waiters[i].code, &found, (void **)&symbol, RTLD_DL_SYMENT) &&
            symbol && found.dli_saddr)
            waiters[i] = (struct waiter){(uintptr_t)found.dli_saddr, waiters[i].lock,
                                         symbol->st_size};
    }
}

static enum lock lock_of(const uint64_t *frames, uint32_t n)
{
    for (uint32_t i = 0; i < n && i < FRAMES_LOOKED_AT; i++)
        for (size_t j = 0; j < sizeof waiters / sizeof *waiters; j++)
            if (frames[i] - waiters[j].code < waiters[j].bytes)
                return waiters[j].lock;
    return LOCK_UNKNOWN;
}

static bool is_thread(uint32_t tid)
{
    uint64_t unused;
    return tid != 0 && tid < 1u << 30 && dp_os_cpu_ns_of(tid, &unused) == 0;
}

static uint32_t word_at(uint64_t address)
{
    uint32_t word;
    return dp_os_read_memory(address, &word, sizeof word) ? word : 0;
}

/* struct __pthread_mutex_s: the lock, a count, the owner, users, the kind. */
static uint32_t mutex_owner(uint64_t address)
{
    uint32_t words[5];
    if (!dp_os_read_memory(address, words, sizeof words))
        return 0;
    bool looks_like_one = words[0] != 0 && words[3] != 0 && (words[4] & 0x7f) < 4u << 4;
    return looks_like_one && is_thread(words[2]) ? words[2] : 0;
}

/* A thread waits on one of its three futex words. */
static uint32_t rwlock_writer(uint64_t address)
{
    static const size_t words[] = {offsetof(pthread_rwlock_t, __data.__wrphase_futex),
                                   offsetof(pthread_rwlock_t, __data.__writers_futex),
                                   offsetof(pthread_rwlock_t, __data.__readers)};
    const size_t owner = offsetof(pthread_rwlock_t, __data.__cur_writer);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        uint32_t writer = word_at(address - words[i] + owner);
        if (is_thread(writer))
            return writer;
    }
    return 0;
}

static bool is_priority_lock(uint64_t operation)
{
    return operation == FUTEX_LOCK_PI || operation == 13 /* FUTEX_LOCK_PI2 */;
}

/* What a futex belongs to, and which thread holds that. */
static enum lock find_holder(const struct dp_thread_waits *waits, enum lock lock, uint32_t *holder)
{
    const uint64_t address = waits->arguments[0];
    uint64_t operation = waits->arguments[1] & FUTEX_CMD_MASK;
    uint32_t word = word_at(address), value = (uint32_t)waits->arguments[2];
    *holder = 0;
    if (is_priority_lock(operation)) {
        uint32_t owner = word & FUTEX_TID_MASK;
        *holder = is_thread(owner) ? owner : 0;
        return LOCK_MUTEX;
    }
    if (lock == LOCK_RWLOCK)
        *holder = rwlock_writer(address);
    if (lock != LOCK_UNKNOWN)
        return lock;
    if (word == value && is_thread(value)) { /* pthread_join waits until that word is 0 */
        *holder = value;
        return LOCK_JOIN;
    }
    *holder = mutex_owner(address);
    return *holder ? LOCK_MUTEX : LOCK_UNKNOWN;
}

static void wait_for_futex(const struct dp_thread_waits *waits, enum lock lock,
                           struct dp_text *text, struct dp_wait *wait)
{
    lock = find_holder(waits, lock, &wait->holder_tid);
    if (wait->holder_tid)
        dp_thread_name(wait->holder_tid, wait->holder);
    dp_text_string(text, lock_names[lock]);
    if (lock == LOCK_JOIN) {
        dp_text_char(text, ' ');
        dp_text_u64(text, wait->holder_tid);
        return;
    }
    dp_text_string(text, " 0x");
    dp_text_hex(text, waits->arguments[0], 12);
}

static const char *socket_name(int domain, int type)
{
    if (domain == AF_UNIX)
        return "unix ";
    if (domain == AF_INET || domain == AF_INET6)
        return type == SOCK_STREAM ? "tcp " : type == SOCK_DGRAM ? "udp " : "raw ";
    return "";
}

/* The file of the host's descriptor, as /proc names it: a path, "pipe:[INODE]",
 * "socket:[INODE]", "anon_inode:[eventpoll]". */
static void describe_descriptor(uint32_t fd, struct dp_text *text)
{
    char path[40], target[128];
    struct dp_text name = {path, sizeof path - 1, 0};
    int domain, type;
    dp_text_string(&name, "/proc/self/fd/");
    dp_text_u64(&name, fd);
    path[name.length] = 0;
    if (dp_os_read_link(path, target, sizeof target) <= 0)
        return;
    if (strncmp(target, "socket:", 7) == 0 && dp_os_socket_type((int)fd, &domain, &type) == 0)
        dp_text_string(text, socket_name(domain, type));
    dp_text_string(text, target);
}

#ifndef F_OFD_SETLKW
#define F_OFD_SETLKW 38
#endif

static void wait_for_file(const struct dp_thread_waits *waits, struct dp_text *text)
{
    uint32_t fd = (uint32_t)waits->arguments[0];
    int command = (int)waits->arguments[1];
    bool posix = waits->syscall == SYS_fcntl && (command == F_SETLKW || command == F_OFD_SETLKW);
    describe_descriptor(fd, text);
    if (posix || waits->syscall == SYS_flock)
        dp_file_lock_holder(fd, posix, text);
}

static void describe_poll_set(const struct dp_thread_waits *waits, struct dp_text *text)
{
    uint64_t n = waits->arguments[1];
    struct pollfd set[POLLED_SHOWN];
    uint64_t shown = n < POLLED_SHOWN ? n : POLLED_SHOWN;
    if (!n || !dp_os_read_memory(waits->arguments[0], set, shown * sizeof *set))
        return;
    for (uint64_t i = 0; i < shown; i++) {
        if (i > 0)
            dp_text_string(text, ", ");
        if (set[i].fd >= 0)
            describe_descriptor((uint32_t)set[i].fd, text);
    }
    if (n > shown) {
        dp_text_string(text, " and ");
        dp_text_u64(text, n - shown);
        dp_text_string(text, " more");
    }
}

void dp_wait_for(const struct dp_thread_waits *waits, const uint64_t *frames, uint32_t n,
                 struct dp_wait *wait)
{
    struct dp_text text = {wait->object, sizeof wait->object - 1, 0};
    memset(wait, 0, sizeof *wait);
    wait->syscall = waits->syscall;
    for (size_t i = 0; i < sizeof known_calls / sizeof *known_calls; i++) {
        if (known_calls[i].syscall != waits->syscall)
            continue;
        if (known_calls[i].argument == ARGUMENT_FD)
            wait_for_file(waits, &text);
        else if (known_calls[i].argument == ARGUMENT_POLL)
            describe_poll_set(waits, &text);
        else
            wait_for_futex(waits, lock_of(frames, n), &text, wait);
        break;
    }
    wait->object[text.length < text.size ? text.length : text.size] = 0;
}
