/* See worker.h. */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

enum {
    MOST_CPU_S = 30,
    MOST_WALL_S = 60,
    EXIT_DAMAGED = 100, /* an exit status that dp_allocate() does not use: the libraries failed */
};
#define MOST_MEMORY  (UINT64_C(6) << 30)
#define MOST_ANSWERS (UINT64_C(1) << 30)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- the worker ---- */

static void limit(int what, uint64_t most)
{
    struct rlimit limit;

    if (getrlimit(what, &limit) != 0 || limit.rlim_cur <= most)
        return;
    limit.rlim_cur = most;
    setrlimit(what, &limit);
}

/* Drops what a library or a failing allocation prints. Also drops the parent's buffered output,
 * in case somebody calls exit(). */
static void keep_quiet(void)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = 0; nowhere >= 0 && fd <= 2; fd++)
        dup2(nowhere, fd);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, MOST_CPU_S);
    if (!SANITIZED)
        limit(RLIMIT_AS, MOST_MEMORY);
}

static bool write_all(int fd, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, (const char *)bytes + done, size - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static void work(int fd, const struct dp_file_request *request, const uint64_t *addresses, size_t n)
{
    struct dp_answers_draft draft = {0};
    size_t size;

    keep_quiet();
    dp_file_names(request, addresses, n, &draft);
    void *block = dp_draft_block(&draft, &size);
    _exit(write_all(fd, block, size) ? 0 : EXIT_DAMAGED);
}

/* ---- its parent ---- */

static int64_t now_ms(void)
{
    return (int64_t)(dp_monotonic_ns() / 1000000);
}

/* Reads everything from `fd`. False: it takes too long, or is too much. */
static bool read_all(int fd, char **bytes, size_t *size)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    int64_t end = now_ms() + MOST_WALL_S * 1000, left;
    size_t capacity = 0;

    *size = 0;
    while ((left = end - now_ms()) > 0) {
        if (poll(&pollfd, 1, (int)left) <= 0)
            continue;
        *bytes = dp_grow(*bytes, &capacity, *size + 65536, 1);
        ssize_t n = read(fd, *bytes + *size, capacity - *size);
        if (n == 0)
            return true;
        if ((n < 0 && errno != EINTR) || *size > MOST_ANSWERS)
            return false;
        *size += n > 0 ? (size_t)n : 0;
    }
    return false;
}

static void say_end(const struct dp_file_request *request, bool whole, int status,
                    struct dp_problem *problem)
{
    const char *path = request->path;

    if (!whole || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
        dp_problem_set(problem, "reading the names of '%s' took too long", path);
    else if (WIFSIGNALED(status))
        dp_problem_set(problem, "'%s' or its debug file is damaged: reading it ended with %s", path,
                       strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != EXIT_DAMAGED)
        dp_problem_set(problem, "reading the names of '%s' takes too much memory", path);
    else
        dp_problem_set(problem, "the names of '%s' cannot be read", path);
}

static void *names_by(const struct dp_file_request *request, const uint64_t *addresses, size_t n,
                      size_t *size, struct dp_problem *problem)
{
    struct dp_answers answers;
    char *bytes = NULL;
    int ends[2], status = 0;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        dp_problem_set(problem, "cannot make a pipe: %s", strerror(errno));
        return NULL;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        work(ends[1], request, addresses, n);
    }
    close(ends[1]);
    bool whole = pid > 0 && read_all(ends[0], &bytes, size);
    close(ends[0]);
    if (pid > 0 && !whole)
        kill(pid, SIGKILL);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid < 0)
        dp_problem_set(problem, "cannot start a process: %s", strerror(errno));
    else if (!whole || status != 0 || !dp_answers_read(&answers, bytes, *size))
        say_end(request, whole, status, problem);
    else
        return bytes;
    free(bytes);
    return NULL;
}

void *dp_worker_names(const struct dp_file_request *request, const uint64_t *addresses, size_t n,
                      size_t *size, struct dp_problem *problem)
{
    struct dp_file_request again = *request;
    struct dp_problem second;
    void *block = names_by(request, addresses, n, size, problem);

    if (block)
        return block;
    again.symbols_only = true;
    again.problem = problem->text;
    return names_by(&again, addresses, n, size, &second);
}
