/* See thread_files.h. */
#include "thread_files.h"

#include <errno.h>
#include <string.h>

#include "base/os.h"
#include "base/proc_text.h"
#include "common/text.h"

static int64_t read_file(uint32_t tid, const char *name, char *buffer, size_t capacity)
{
    char path[64];
    struct dp_text text = {path, sizeof path - 1, 0};
    dp_text_string(&text, "/proc/self/task/");
    dp_text_u64(&text, tid);
    dp_text_char(&text, '/');
    dp_text_string(&text, name);
    path[text.length] = 0;
    buffer[0] = 0;
    return dp_os_read_file(path, buffer, capacity);
}

static uint64_t hexadecimal(const char **at)
{
    uint64_t value = 0;
    while (**at == ' ' || **at == '\t')
        ++*at;
    if ((*at)[0] == '0' && (*at)[1] == 'x')
        *at += 2;
    for (;; ++*at) {
        unsigned char digit = (unsigned char)**at;
        if (digit >= '0' && digit <= '9')
            value = value << 4 | (digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | (digit - 'a' + 10u);
        else
            return value;
    }
}

/* "running", "NUMBER 0xA 0xB 0xC 0xD 0xE 0xF 0xSP 0xPC", or "-1 0xSP 0xPC" */
enum dp_task dp_thread_place(uint32_t tid, struct dp_thread_waits *waits)
{
    char text[256];
    int64_t got = read_file(tid, "syscall", text, sizeof text);
    if (got <= 0)
        return got == -ESRCH ? DP_TASK_GONE : DP_TASK_UNKNOWN;
    if (text[0] == 'r')
        return DP_TASK_RUNS;
    const char *at = text;
    memset(waits, 0, sizeof *waits);
    waits->syscall = -1;
    if (*at == '-') {
        at += 2;
    } else {
        waits->syscall = (int32_t)dp_proc_number(&at);
        for (int i = 0; i < 6; i++)
            waits->arguments[i] = hexadecimal(&at);
    }
    waits->sp = hexadecimal(&at);
    waits->pc = hexadecimal(&at);
    return *at == '\n' && waits->pc ? DP_TASK_WAITS : DP_TASK_UNKNOWN;
}

char dp_thread_letter(uint32_t tid)
{
    char text[1024];
    if (read_file(tid, "stat", text, sizeof text) <= 0)
        return 0;
    const char *letter = dp_proc_stat_field(text, 3);
    return letter ? *letter : 0;
}

/* "RUN WAIT SLICES". The first lags behind by up to 10 ms, the second does not. */
bool dp_thread_runnable_ns(uint32_t tid, uint64_t *ns)
{
    char text[128];
    const char *at = text;
    if (read_file(tid, "schedstat", text, sizeof text) <= 0)
        return false;
    uint64_t run = dp_proc_number(&at);
    *ns = dp_proc_number(&at);
    return run || *ns; /* all 0: a kernel that does not count */
}

/* The number behind "\nKEY:\t"; false when it is not there. */
static bool line_of(const char *text, const char *key, const char **at)
{
    *at = strstr(text, key);
    if (*at)
        *at += strlen(key);
    return *at;
}

static bool is_in_sandbox(const char *status)
{
    const char *at;
    return !line_of(status, "\nSeccomp:", &at) || dp_proc_number(&at) != 0;
}

void dp_thread_counts(uint32_t tid, struct dp_thread_counts *counts)
{
    char text[4096];
    const char *at;
    memset(counts, 0, sizeof *counts);
    counts->in_sandbox = true;
    if (read_file(tid, "stat", text, sizeof text) > 0 && (at = dp_proc_stat_field(text, 10))) {
        counts->minor_faults = dp_proc_number(&at);
        dp_proc_number(&at);
        counts->major_faults = dp_proc_number(&at);
        counts->faults_known = true;
    }
    if (read_file(tid, "status", text, sizeof text) > 0 &&
        line_of(text, "\nvoluntary_ctxt_switches:", &at)) {
        counts->voluntary = dp_proc_number(&at);
        counts->switches_known = line_of(text, "\nnonvoluntary_ctxt_switches:", &at);
        counts->involuntary = counts->switches_known ? dp_proc_number(&at) : 0;
        counts->in_sandbox = is_in_sandbox(text);
    }
}

static bool signals_of(uint32_t tid, const char *key, uint64_t *set, bool *in_sandbox)
{
    char text[4096];
    const char *at;
    if (read_file(tid, "status", text, sizeof text) <= 0 || !line_of(text, key, &at))
        return false;
    *set = hexadecimal(&at);
    *in_sandbox = is_in_sandbox(text);
    return true;
}

bool dp_thread_signals(uint32_t tid, uint64_t *blocked, bool *in_sandbox)
{
    return signals_of(tid, "\nSigBlk:", blocked, in_sandbox);
}

bool dp_process_signals(uint32_t tid, uint64_t *waiting, bool *in_sandbox)
{
    return signals_of(tid, "\nShdPnd:", waiting, in_sandbox);
}

void dp_thread_name(uint32_t tid, char name[16])
{
    char text[64];
    memset(name, 0, 16);
    int64_t length = read_file(tid, "comm", text, sizeof text);
    if (length <= 0)
        return;
    if (text[length - 1] == '\n')
        length--;
    memcpy(name, text, length < 16 ? (size_t)length : 15);
}
