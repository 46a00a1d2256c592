/* See file_locks.h. */
#include "file_locks.h"

#include <string.h>

#include "base/os.h"
#include "base/proc_text.h"

#define LOCKS_BYTES 32768 /* a list that is longer is read up to here */

/* "1: FLOCK  ADVISORY  WRITE 4711 08:01:12345 0 EOF"; "1: -> FLOCK …" waits for the lock of the
 * line before that has no arrow. Locks of an open file (OFDLCK) have -1 in the place of a process. */
struct line {
    bool waits, posix;
    uint64_t process; /* 0: not known */
    uint64_t inode;
};

static const char *next_word(const char *at)
{
    while (*at && *at != ' ' && *at != '\n')
        at++;
    while (*at == ' ')
        at++;
    return at;
}

/* Returns the next line; NULL: this was no whole line. */
static const char *read_line(const char *at, struct line *line)
{
    const char *end = strchr(at, '\n');
    if (!end)
        return NULL;
    at = next_word(at);
    line->waits = at[0] == '-' && at[1] == '>';
    if (line->waits)
        at = next_word(at);
    line->posix = *at != 'F';
    for (int words = 0; words < 3; words++)
        at = next_word(at);
    line->process = *at == '-' ? 0 : dp_proc_number(&at);
    at = next_word(at);
    for (int colons = 0; colons < 2 && at < end; at++)
        colons += *at == ':';
    line->inode = at < end ? dp_proc_number(&at) : 0;
    return end + 1;
}

uint64_t dp_file_lock_holder_in(const char *locks, uint64_t self, uint64_t inode, bool posix)
{
    uint64_t holder = 0;
    struct line line;
    for (const char *at = locks; at && *at;) {
        at = read_line(at, &line);
        if (!at)
            return 0;
        if (!line.waits)
            holder = line.process;
        else if (line.posix == posix && line.inode == inode &&
                 (line.process == self || line.process == 0))
            return holder;
    }
    return 0;
}

static uint64_t inode_of(uint32_t fd)
{
    char path[40], file[512];
    struct dp_text name = {path, sizeof path - 1, 0};
    dp_text_string(&name, "/proc/self/fdinfo/");
    dp_text_u64(&name, fd);
    path[name.length] = 0;
    if (dp_os_read_file(path, file, sizeof file) <= 0)
        return 0;
    return dp_proc_number_after(file, "ino:");
}

static void put_process(uint64_t process, struct dp_text *text)
{
    char path[40], name[20];
    struct dp_text file = {path, sizeof path - 1, 0};
    dp_text_string(text, "process ");
    dp_text_u64(text, process);
    dp_text_string(&file, "/proc/");
    dp_text_u64(&file, process);
    dp_text_string(&file, "/comm");
    path[file.length] = 0;
    int64_t got = dp_os_read_file(path, name, sizeof name);
    if (got <= 1)
        return;
    name[got - (name[got - 1] == '\n')] = 0;
    dp_text_string(text, " (");
    dp_text_string(text, name);
    dp_text_char(text, ')');
}

void dp_file_lock_holder(uint32_t fd, bool posix, struct dp_text *text)
{
    static char locks[LOCKS_BYTES];
    uint64_t self = dp_os_pid(), inode = inode_of(fd);
    bool known = inode && dp_os_read_file("/proc/locks", locks, sizeof locks) > 0;
    uint64_t holder = known ? dp_file_lock_holder_in(locks, self, inode, posix) : 0;
    if (!holder) {
        dp_text_string(text, ", holder not known");
        return;
    }
    dp_text_string(text, ", held by ");
    if (holder == self)
        dp_text_string(text, "this process");
    else
        put_process(holder, text);
}
