/* See directory.h. */
#include "directory.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/os.h"
#include "common/place.h"
#include "common/text.h"

#define MOST_TRIES 100

static void add_expanded(struct dp_text *text, const char *template, const char *program)
{
    for (const char *c = template; *c; c++) {
        if (*c != '%') {
            dp_text_char(text, *c);
            continue;
        }
        switch (*++c) {
        case 'p':
            dp_text_u64(text, dp_os_pid());
            break;
        case 'e':
            dp_text_string(text, program);
            break;
        case 't':
            dp_text_u64(text, dp_os_realtime_ns() / 1000000000u);
            break;
        case '%':
            dp_text_char(text, '%');
            break;
        case 0:
            dp_text_char(text, '%');
            return;
        default: /* not ours: leave it alone */
            dp_text_char(text, '%');
            dp_text_char(text, *c);
        }
    }
}

/* The working directory when profiling began: a daemon that later changes to "/" does not
 * want its log there. */
static int add_first_folder(struct dp_text *text)
{
    static char first[DP_PATH_MAX];
    int error = *first ? 0 : dp_os_working_directory(first, sizeof first);
    if (error) {
        *first = 0;
        return error;
    }
    dp_text_string(text, first);
    dp_text_char(text, '/');
    return 0;
}

int dp_expand_path(const char *template, const char *program, char path[DP_PATH_MAX])
{
    struct dp_text text = {path, DP_PATH_MAX - 1, 0};
    if (template[0] != '/') {
        int error = add_first_folder(&text);
        if (error)
            return error;
    }
    add_expanded(&text, template, program);
    if (text.length >= DP_PATH_MAX - 256) /* room for the names of the files in it */
        return -ENAMETOOLONG;
    while (text.length > 1 && path[text.length - 1] == '/')
        text.length--;
    path[text.length] = 0;
    return 0;
}

/* "PATH/state". */
static void state_path(char state[DP_PATH_MAX + 16], const char *path)
{
    struct dp_text text = {state, DP_PATH_MAX + 15, 0};
    dp_text_string(&text, path);
    dp_text_string(&text, "/state");
    state[text.length] = 0;
}

/* 0: made, or empty and ours. -EEXIST: taken. */
static int make_or_take(char *path)
{
    char state[DP_PATH_MAX + 16];
    struct dp_place_walk walk = {.self = dp_os_user()};
    enum dp_place_fault fault;
    size_t length;
    int error = dp_place_above(path, &walk, dp_os_mkdir, dp_os_look, &fault, &length);
    if (!error)
        error = dp_os_mkdir(path);
    if (error == -EEXIST)
        error = dp_os_directory_is_free(path);
    if (error)
        return error;
    /* The claim: of two processes that try at once, only one makes this directory. */
    state_path(state, path);
    error = dp_os_mkdir(state);
    if (error && error != -EEXIST)
        dp_os_remove_directory(path); /* only if it is empty */
    return error;
}

void dp_directory_give_up(const char *path)
{
    char state[DP_PATH_MAX + 16];
    state_path(state, path);
    dp_directory_leave();
    dp_os_remove_directory(state);
    dp_os_remove_directory(path);
}

int dp_directory_claim(char path[DP_PATH_MAX])
{
    size_t length = strlen(path);
    int error = make_or_take(path);
    for (uint64_t attempt = 0; error == -EEXIST && attempt < MOST_TRIES; attempt++) {
        struct dp_text text = {path, DP_PATH_MAX - 1, length};
        dp_text_char(&text, '.');
        dp_text_u64(&text, dp_os_pid());
        if (attempt) {
            dp_text_char(&text, '.');
            dp_text_u64(&text, attempt);
        }
        path[text.length] = 0;
        error = make_or_take(path);
    }
    return error;
}

static _Atomic int log_fd = -1;
static struct dp_os_identity log_identity;
static char log_path[DP_PATH_MAX];

static bool is_log(int fd)
{
    struct dp_os_identity found;
    return fd >= 0 && dp_os_identify(fd, &found) == 0 && found.device == log_identity.device &&
           found.inode == log_identity.inode;
}

const char *dp_directory_path(void)
{
    return log_path;
}

int dp_directory_enter(const char *path)
{
    int fd = dp_os_open_directory(path);
    if (fd < 0)
        return fd;
    int error = dp_os_identify(fd, &log_identity);
    if (error) {
        dp_os_close(fd);
        return error;
    }
    memcpy(log_path, path, strlen(path) + 1);
    atomic_store_explicit(&log_fd, fd, memory_order_release);
    return 0;
}

void dp_directory_leave(void)
{
    int fd = atomic_exchange_explicit(&log_fd, -1, memory_order_relaxed);
    if (is_log(fd))
        dp_os_close(fd);
}

/* The host has closed it, or its number now stands for another file. */
static int open_again(int stale)
{
    int fd = dp_os_open_directory(log_path);
    if (fd >= 0 && !is_log(fd)) { /* another directory of that name */
        dp_os_close(fd);
        return -ENOENT;
    }
    if (fd >= 0 && !atomic_compare_exchange_strong(&log_fd, &stale, fd)) {
        dp_os_close(fd); /* another thread was faster */
        return stale;
    }
    return fd;
}

static int directory(void)
{
    int fd = atomic_load_explicit(&log_fd, memory_order_acquire);
    return is_log(fd) ? fd : open_again(fd);
}

int dp_directory_create(const char *name)
{
    int at = directory();
    return at < 0 ? at : dp_os_create(at, name);
}

int dp_directory_open(const char *name)
{
    int at = directory();
    return at < 0 ? at : dp_os_open(at, name);
}

int dp_directory_open_read(const char *name)
{
    int at = directory();
    return at < 0 ? at : dp_os_open_read(at, name);
}

int dp_directory_unlink(const char *name)
{
    int at = directory();
    return at < 0 ? at : dp_os_unlink(at, name);
}
