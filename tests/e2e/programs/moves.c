/*
 * Changes what file names and descriptors mean to it, while it is
 * profiled: moves ACTION FOLDER. Prints "TID CALLS"; 7 is its status.
 *
 *     chroot   to FOLDER/root, which is empty
 *     rename   FOLDER/log becomes FOLDER/moved
 *     delete   rm -r FOLDER/log
 *     close    every descriptor above 2, whoever opened it
 *     reuse    the same, and its own file takes all their numbers
 *     setuid   becomes nobody
 *     sandbox  gives up making and opening files, for good
 */
#include <deep_profile.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIGHEST 1024

static uint64_t calls;

DEEP_PROFILE(rate=1) __attribute__((noinline)) uint64_t recorded(uint64_t n)
{
    __asm__ volatile("");
    return n * n;
}

static void work(void)
{
    for (uint64_t i = 0; i < 5000; i++) {
        errno = 77;
        recorded(i);
        calls++;
        if (errno != 77)
            exit(90);
    }
}

static int must(int result)
{
    if (result < 0) {
        perror("moves");
        exit(91);
    }
    return result;
}

static int own = -1;

/* The file keeps what it had; its copies stand where descriptors were. */
static void reuse(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/own", folder);
    own = must(open(path, O_RDWR | O_CREAT, 0600));
    must((int)write(own, "mine", 4));
    for (int fd = 3; fd < HIGHEST; fd++)
        if (fd != own)
            must(dup2(own, fd));
}

static void look_at_own(void)
{
    char text[8];
    struct stat status;
    for (int fd = 3; fd < HIGHEST; fd++)
        if (fstat(fd, &status) != 0 || status.st_size != 4 || pread(fd, text, 8, 0) != 4 ||
            memcmp(text, "mine", 4) != 0)
            exit(92);
    for (int fd = 3; fd < HIGHEST; fd++)
        close(fd);
}

static void enter_sandbox(void)
{
    static const unsigned refused[] = {SYS_openat, SYS_fallocate, SYS_ftruncate, SYS_madvise,
                                       SYS_munmap, SYS_mmap,      SYS_fcntl,     SYS_prlimit64};
    enum { N = sizeof refused / sizeof *refused };
    struct sock_filter filter[2 * N + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    for (int i = 0; i < N; i++) {
        filter[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i], 0, 1);
        filter[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    }
    filter[2 * N + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = 2 * N + 2, .filter = filter};
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

int main(int argc, char **argv)
{
    char from[4096], to[4096], command[8300];
    if (argc != 3)
        return 93;
    const char *action = argv[1];
    snprintf(from, sizeof from, "%s/log", argv[2]);
    snprintf(to, sizeof to, "%s/%s", argv[2], strcmp(action, "chroot") == 0 ? "root" : "moved");
    work();
    if (strcmp(action, "chroot") == 0) {
        must(chroot(to));
        must(chdir("/"));
    } else if (strcmp(action, "rename") == 0) {
        must(rename(from, to));
    } else if (strcmp(action, "delete") == 0) {
        snprintf(command, sizeof command, "rm -r '%s'", from);
        must(system(command) == 0 ? 0 : -1);
    } else if (strcmp(action, "sandbox") == 0) {
        enter_sandbox();
    } else if (strcmp(action, "setuid") == 0) {
        must(setuid(65534));
    } else {
        for (int fd = 3; fd < HIGHEST; fd++)
            close(fd);
        if (strcmp(action, "reuse") == 0)
            reuse(argv[2]);
    }
    work();
    if (strcmp(action, "reuse") == 0) {
        look_at_own();
        work();
    }
    printf("%ld %llu\n", syscall(SYS_gettid), (unsigned long long)calls);
    return 7;
}
