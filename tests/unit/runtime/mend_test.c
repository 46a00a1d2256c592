/*
 * Only a wait that our signal interrupted is repeated, and only a transfer that it cut short goes
 * on. Not code that happens to have -EINTR in
 * its result register, not code at the start of a page after unmapped memory, and not a wait that
 * a signal of the host ended, too.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "arch/rest_of_transfer.h"
#include "check.h"
#include "sampling/mend.h"

#define PAGE 65536 /* as large as a page can be */

static unsigned char *code; /* `PAGE` bytes; what is in front cannot be read */

static ucontext_t stopped_at(size_t offset, long long result)
{
    ucontext_t context;
    memset(&context, 0, sizeof context);
    context.uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)(code + offset);
    context.uc_mcontext.gregs[REG_RAX] = result;
    return context;
}

/* What the thread returns to behind `bytes` of code. `number`: of the call that it makes again;
 * -1: none. */
static void after(const char *bytes, size_t count, long long result, enum dp_mended expected,
                  long long number)
{
    static const uint64_t stack[] = {11, 22, 33};
    ucontext_t context = stopped_at(64, result);
    greg_t *general = context.uc_mcontext.gregs, before = general[REG_RIP];
    general[REG_RSP] = (greg_t)(uintptr_t)stack;
    memset(code, 0x90, 64);
    memcpy(code + 64 - count, bytes, count);
    CHECK(dp_mend(&context) == expected);
    CHECK(general[REG_RIP] == (number < 0 ? before : before - 2)); /* at `syscall` */
    CHECK(general[REG_RAX] == (number < 0 ? result : number));
}

#define AFTER(bytes, result, expected, number)                                                     \
    after(bytes, sizeof bytes - 1, result, expected, number)

static void what_is_mended(void)
{
    AFTER("\xb8\x17\0\0\0\x0f\x05", -EINTR, DP_MENDED, SYS_select);
    AFTER("\x31\xc0\x0f\x05", -EINTR, DP_MENDED, SYS_read);
    AFTER("\x48\x8b\x44\x24\x10\x0f\x05", -EINTR, DP_MENDED, 33); /* mov 0x10(%rsp), %rax */
    AFTER("\xb8\x03\0\0\0\x0f\x05", -EINTR, DP_NOT_MENDED, -1);      /* close: it is closed */
    AFTER("\x89\xf8\x0f\x05", -EINTR, DP_NOT_MENDED, -1);            /* mov %edi, %eax */
    AFTER("\xb8\x17\0\0\1\x0f\x05", -EINTR, DP_NOT_MENDED, -1);      /* no call has it */
}

static void what_is_no_interrupted_wait(void)
{
    AFTER("\xb8\x17\0\0\0\x0f\x05", -EAGAIN, DP_MEND_NOTHING, -1);
    AFTER("\xb8\x17\0\0\0\x0f\x05", 0, DP_MEND_NOTHING, -1);
    AFTER("\xb8\x17\0\0\0\x90\x90", -EINTR, DP_MEND_NOTHING, -1);
}

struct transfer {
    const char *code; /* 7 bytes */
    long long done, size, flags, rcx_off;
    enum dp_mended expected;
};

#define WRITE "\xb8\x01\0\0\0\x0f\x05"
#define SENDTO "\xb8\x2c\0\0\0\x0f\x05"
#define RECVFROM "\xb8\x2d\0\0\0\x0f\x05"
#define READ "\x90\x90\x90\x31\xc0\x0f\x05"
#define LSEEK "\xb8\x08\0\0\0\x0f\x05"

static const struct transfer transfers[] = {
    {WRITE, 10, 100, 0, 0, DP_MENDED},
    {SENDTO, 10, 100, 0, 0, DP_MENDED},
    {RECVFROM, 10, 100, MSG_WAITALL, 0, DP_MENDED},
    {RECVFROM, 10, 100, 0, 0, DP_MEND_NOTHING}, /* is short by itself */
    {RECVFROM, 10, 100, MSG_WAITALL | MSG_PEEK, 0, DP_MEND_NOTHING},
    {WRITE, 100, 100, 0, 0, DP_MEND_NOTHING}, /* is whole */
    {WRITE, 0, 100, 0, 0, DP_MEND_NOTHING},
    {WRITE, 10, 100, 0, 1, DP_MEND_NOTHING}, /* came here by a jump */
    {READ, 10, 100, 0, 0, DP_MEND_NOTHING},
    {LSEEK, 10, 100, 0, 0, DP_MEND_NOTHING},
};

static void which_transfers_go_on(void)
{
    for (size_t i = 0; i < sizeof transfers / sizeof *transfers; i++) {
        const struct transfer *one = &transfers[i];
        ucontext_t context = stopped_at(64, one->done);
        greg_t *general = context.uc_mcontext.gregs, before = general[REG_RIP];
        memcpy(code + 64 - 7, one->code, 7);
        general[REG_RDX] = one->size;
        general[REG_R10] = one->flags;
        general[REG_RCX] = before + one->rcx_off;
        CHECK(dp_mend(&context) == one->expected);
        bool goes_on = general[REG_RIP] == (greg_t)(uintptr_t)dp_rest_of_transfer;
        CHECK(goes_on == (one->expected == DP_MENDED));
        CHECK(goes_on ? general[REG_R11] == (unsigned char)one->code[1]
                      : general[REG_RIP] == before);
    }
}

static void one_that_is_cut_short_again(void)
{
    ucontext_t context = stopped_at(64, 10);
    greg_t *general = context.uc_mcontext.gregs;
    general[REG_RDX] = 100;
    general[REG_RIP] = (greg_t)(uintptr_t)dp_rest_returns;
    CHECK(dp_mend(&context) == DP_MENDED);
    CHECK(general[REG_RIP] == (greg_t)(uintptr_t)dp_rest_cut_short);
}

static void where_nothing_is_in_front(void)
{
    for (size_t offset = 0; offset < 8; offset++) {
        ucontext_t context = stopped_at(offset, -EINTR);
        memset(code, 0x90, 64);
        CHECK(dp_mend(&context) == DP_MEND_NOTHING);
    }
}

static void where_the_hosts_signal_came_too(void)
{
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    pthread_kill(pthread_self(), SIGUSR1);
    AFTER("\x31\xc0\x0f\x05", -EINTR, DP_MEND_LEFT, -1);
    signal(SIGUSR1, SIG_IGN); /* which takes it back */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    AFTER("\x31\xc0\x0f\x05", -EINTR, DP_MENDED, SYS_read);
}

int main(void)
{
    unsigned char *front =
        mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    code = front + PAGE;
    CHECK(front != MAP_FAILED && mprotect(code, PAGE, PROT_READ | PROT_WRITE) == 0);
    what_is_mended();
    what_is_no_interrupted_wait();
    which_transfers_go_on();
    one_that_is_cut_short_again();
    where_nothing_is_in_front();
    where_the_hosts_signal_came_too();
    return 0;
}
