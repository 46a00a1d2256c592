/* See directory.h. */
#include "directory.h"

#include <errno.h>
#include <string.h>

#include "deep_profile/abi/text.h"
#include "os.h"

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
        default: /* not ours: kept as it stands */
            dp_text_char(text, '%');
            dp_text_char(text, *c);
        }
    }
}

int dp_expand_path(const char *template, const char *program, char path[DP_PATH_MAX])
{
    struct dp_text text = {path, DP_PATH_MAX - 1, 0};
    if (template[0] != '/') {
        int error = dp_os_working_directory(path, DP_PATH_MAX);
        if (error)
            return error;
        text.length = strlen(path);
        dp_text_char(&text, '/');
    }
    add_expanded(&text, template, program);
    if (text.length >= DP_PATH_MAX - 256) /* room for the files in it */
        return -ENAMETOOLONG;
    while (text.length > 1 && path[text.length - 1] == '/')
        text.length--;
    path[text.length] = 0;
    return 0;
}

/* 0: made, or empty and ours; -EEXIST: taken. */
static int make_or_take(char *path)
{
    char state[DP_PATH_MAX + 16];
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int error = dp_os_mkdir(path);
        *slash = '/';
        if (error && error != -EEXIST)
            return error;
    }
    int error = dp_os_mkdir(path);
    if (error == -EEXIST)
        error = dp_os_directory_is_free(path);
    if (error)
        return error;
    /* The claim: of two processes at once, one makes it. */
    struct dp_text text = {state, sizeof state - 1, 0};
    dp_text_string(&text, path);
    dp_text_string(&text, "/state");
    state[text.length] = 0;
    return dp_os_mkdir(state);
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
