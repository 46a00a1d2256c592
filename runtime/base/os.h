/*
 * Every system call of the runtime, behind one contract. All of the runtime calls it;
 * os_linux*.c is the only implementation; tests replace it to make calls fail. No function
 * is a cancellation point, allocates, locks or prints. Errors: -errno.
 *
 * Not here: arch/call_out.c blocks signals where nothing of libc may be called, and says
 * why. arch/rest_of_transfer.S continues a system call of the host. host/ interposes
 * functions of libc and calls those.
 */
#ifndef DP_OS_H
#define DP_OS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Files are made with O_EXCL, O_NOFOLLOW, O_CLOEXEC and mode 0600. Paths are
 * taken from the open directory `at`, or DP_OS_HERE. */
#define DP_OS_HERE (-100) /* AT_FDCWD */
int dp_os_create(int at, const char *path);
int dp_os_open(int at, const char *path);      /* read and write, existing */
int dp_os_open_read(int at, const char *path);
/* Makes the file if it is missing. A link is followed if it belongs to our user or to
 * root. Where others may write (`shared`), an existing file must belong to one of the two
 * as well. */
int dp_os_open_append(const char *path, bool shared);
int dp_os_close(int fd);
int dp_os_unlink(int at, const char *path);
int dp_os_mkdir(const char *path); /* mode 0700 */
int dp_os_remove_directory(const char *path);
/* A descriptor that serves as `at` only. Its number is high, out of the way of programs
 * that count on getting the lowest one. */
int dp_os_open_directory(const char *path);
/* Identifies the file behind a descriptor, whatever its name and number. */
struct dp_os_identity {
    uint64_t device, inode;
};
int dp_os_identify(int fd, struct dp_os_identity *identity);
/* The owner of a path. 0 or -errno. */
struct dp_place;
int dp_os_look(const char *path, struct dp_place *place);
uint64_t dp_os_pid_namespace(void); /* 0: not known */
uint32_t dp_os_user(void); /* the user whose files the process makes */
/* 0: an empty directory of our user, where nobody else may write; -EEXIST otherwise. */
int dp_os_directory_is_free(const char *path);
int64_t dp_os_write(int fd, const void *data, size_t bytes);
int64_t dp_os_pread(int fd, void *data, size_t bytes, uint64_t offset);
int dp_os_truncate(int fd, uint64_t bytes);
int64_t dp_os_size(int fd);
/* The whole of a small file (procfs), NUL-terminated; returns its length. */
int64_t dp_os_read_file(const char *path, char *buffer, size_t capacity);
/* Makes sure that [offset, offset + bytes) of a file is backed by blocks, so
 * that storing into a mapping of it cannot fail. */
int dp_os_allocate(int fd, uint64_t offset, uint64_t bytes);

/* Where the host's address space is limited (RLIMIT_AS, RLIMIT_DATA), all mappings
 * of ours together get at most a quarter of what it leaves; more is refused.
 *
 * Shared mapping of a file. NULL when refused. */
void *dp_os_map_file(int fd, uint64_t offset, size_t bytes);
/* Advises that most of the mapping is never touched, so that the kernel reads no page
 * ahead. */
void dp_os_expect_sparse(void *address, size_t bytes);
/* Puts zeroed private memory in the place of a mapping. 0 or -errno. */
int dp_os_map_over(void *address, size_t bytes);
/* Zeroed private memory. NULL when refused. */
void *dp_os_map_memory(size_t bytes);
/* One such page, which reads as zero in a forked child. */
void *dp_os_map_wiped_on_fork(void);
void dp_os_unmap(void *address, size_t bytes);
/* Makes the pages of a shared mapping writable without a fault; best effort. */
void dp_os_populate(void *address, size_t bytes);
size_t dp_os_page_bytes(void);
/* Where the heap behind the program's data ends (brk). 0: not known. No system call. */
uint64_t dp_os_program_break(void);
/* Copies memory of this process that may be unmapped meanwhile. False: not all of it can be
 * read, or a sandbox refuses. Async-signal-safe. */
bool dp_os_read_memory(uint64_t address, void *to, size_t bytes);

uint32_t dp_os_pid(void);
uint32_t dp_os_parent_pid(void);
uint32_t dp_os_tid(void);
void dp_os_thread_name(char name[16]);
void dp_os_name_thread(const char *name); /* the calling thread's; only the first 15 bytes count */
uint64_t dp_os_random(void);
const char *dp_os_getenv(const char *name); /* NULL in setuid programs */
int dp_os_working_directory(char *buffer, size_t capacity);
/* The running program's path, as the kernel knows it. 0 or -errno. */
int dp_os_program_path(char *buffer, size_t capacity);

uint64_t dp_os_monotonic_ns(void);
uint64_t dp_os_realtime_ns(void);
uint64_t dp_os_thread_cpu_ns(void);
uint64_t dp_os_process_cpu_ns(void);
/* False, and returns at once: a sandbox refuses every way to sleep. */
bool dp_os_sleep_until(uint64_t monotonic_ns);
/* Processors that the process may use now, at least 1. */
uint32_t dp_os_processors(void);

/*
 * Waits while *word is `seen`, until dp_os_wake(word) or that time. False: a sandbox
 * refuses to wait, so it has only slept. dp_os_wake is async-signal-safe.
 */
bool dp_os_wait_until(_Atomic uint32_t *word, uint32_t seen, uint64_t monotonic_ns);
void dp_os_wake(_Atomic uint32_t *word);

/* The stack that the calling thread was started on, up to the size that it may grow to.
 * *bytes = 0: not known. */
void dp_os_stack(uintptr_t *low, size_t *bytes);

/* The alternate signal stack if the calling thread runs on it; otherwise *bytes = 0. */
void dp_os_signal_stack(uintptr_t *low, size_t *bytes);

/* Blocks the calling thread's signals, except those that the runtime never blocks
 * (DP_SIGNALS_BLOCKED of arch/call_out.h); *saved gets the mask to restore. */
struct dp_os_signals {
    uint64_t mask;
};
void dp_os_block_signals(struct dp_os_signals *saved);
void dp_os_restore_signals(const struct dp_os_signals *saved);
/* Restores the host's own mask around a call of libc that may call the host's functions
 * (malloc): a host that never returns from there can still be signalled. Does nothing if
 * the runtime has not blocked signals in this thread. */
void dp_os_let_host_in(struct dp_os_signals *ours);
void dp_os_shut_host_out(const struct dp_os_signals *ours);

/* Declares to valgrind's race detectors that threads read this memory while another one
 * stores into it, on purpose. */
void dp_os_expect_races(volatile void *address, size_t bytes);

/* Ends the process at once, as _exit() does. */
_Noreturn void dp_os_exit_now(int status);

/* True when every other thread of the process has ended, including the first one: main()
 * has called pthread_exit(). Without our thread libc would call exit() now, or the kernel
 * would end the process. */
bool dp_os_is_alone(void);

/* True when no thread of the process has this number; false also when that is not known. */
bool dp_os_thread_is_gone(uint32_t tid);

/* Sends the calling thread a signal again, with the kernel's original siginfo_t.
 * Async-signal-safe. */
void dp_os_signal_again(int signal, void *info);

/*
 * Looks at other threads (os_linux_looks.c). All but dp_os_stack_end() and what is said to be
 * async-signal-safe: steward only.
 */

/* The processor time of a thread of ours. 0 or -errno: it has ended, or a sandbox refuses. */
int dp_os_cpu_ns_of(uint32_t tid, uint64_t *ns);
/* What the calling thread has used since it began: nanoseconds of processor time, faults and
 * switches. False: not known. Async-signal-safe; any thread. */
struct dp_os_usage {
    uint64_t cpu_ns;
    uint64_t minor_faults, major_faults;
    uint64_t voluntary, involuntary;
};
bool dp_os_own_usage(struct dp_os_usage *usage);
/* The same of all threads of the process together, also of those that ended. Any thread. */
bool dp_os_process_usage(struct dp_os_usage *usage);
/* Where a link leads, NUL-terminated: its length or -errno. */
int64_t dp_os_read_link(const char *path, char *buffer, size_t capacity);
/* AF_* and SOCK_* of a socket. 0 or -errno. */
int dp_os_socket_type(int fd, int *domain, int *type);
/* The numbers of the process's threads. 0 or -errno. */
int dp_os_list_threads(uint32_t *tids, uint32_t most, uint32_t *count);
/* The end of the calling thread's own stack, when `sp` lies in it; else 0. All above sp is
 * mapped as long as the thread runs. No system call, async-signal-safe. */
uintptr_t dp_os_stack_end(uintptr_t sp);

/*
 * Makes `handler` that of a signal which the host leaves to its default. It runs with every
 * signal blocked. The signal, or -errno. `may_end`: also one that ends a program without a
 * handler; that is the one with the highest number. Otherwise it is one that such a program
 * ignores.
 */
typedef void dp_os_handler(int signal, siginfo_t *info, void *context);
int dp_os_take_signal(bool may_end, dp_os_handler *handler);
bool dp_os_handles(int signal, dp_os_handler *handler);
bool dp_os_is_ignored_by_default(int signal);
void dp_os_leave_signal(int signal); /* to its default */
/* The signals between which those without a name lie. */
int dp_os_first_signal(void);
int dp_os_last_signal(void);
/* Installs `handler` for this signal. 0 or -errno; -EBUSY: the host has an action of its own. */
int dp_os_take_this_signal(int signal, dp_os_handler *handler);
/* Takes back the signal that waits for the calling thread, or for the process; the calling
 * thread blocks it. False: none waits. */
bool dp_os_take_waiting(int signal);
/* Sends it to one thread, with a value. 0 or -errno. */
int dp_os_ask_thread(uint32_t tid, int signal, uint64_t value);
/* In its handler: the value. False: the signal is somebody else's. Async-signal-safe. */
bool dp_os_asked_value(const siginfo_t *info, uint64_t *value);
/* A signal waits for the calling thread, of those that `blocked` does not have; also when that
 * is not known. Async-signal-safe. */
bool dp_os_signal_waits(uint64_t blocked);

/*
 * Starts a program that has nothing of this process: no descriptor but /dev/null, no blocked
 * signal, a session of its own. It is not the process's child: no SIGCHLD, nothing to wait
 * for. Of `paths` the first that there is, is taken. Waits for its end up to `wait_ns`.
 * 0 or -errno. A sandbox may kill whoever tries it: look first. Signals are blocked.
 */
struct dp_os_program {
    const char *const *paths;
    size_t n_paths;
    char *const *arguments;   /* argv and envp: the last one is NULL */
    char *const *environment;
};
int dp_os_run_detached(const struct dp_os_program *program, uint64_t wait_ns, bool *ended);

/* Lets other threads run. */
void dp_os_yield(void);

/*
 * Starts the runtime's only thread: DP_SIGNALS_BLOCKED blocked, a small stack. libc
 * allocates in this call, with the host's own signal mask. Returns when `run` runs (or
 * after two seconds), so that no sandbox which the host enters later finds the thread still
 * inside libc. 0 or -errno; -EPERM also where a sandbox refuses a call that libc must be
 * able to make. If `run` returns a non-NULL value, the thread was the last one
 * (dp_os_is_alone).
 */
int dp_os_thread_start(void *(*run)(void *));
/* Waits until `run` has returned, without a futex. False: it has not returned within ten
 * seconds; then everything that it uses must stay. */
bool dp_os_thread_join(void);
/* Call it in a forked child of a process that had several threads. */
bool dp_os_child_may_start_threads(void);

#endif
