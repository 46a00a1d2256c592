/*
 * Functions that are called by other rules than most: each keeps the registers that its
 * rules say, when its gate opens and when it does not. Status 0: all do.
 */
#include <deep_profile.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct registers {
    uint64_t rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11;
    uint8_t vectors[16][16];
};

/* Fills the registers from `values`, calls, and stores them there again. */
void call_with(struct registers *values, void *function);

#define EVERY_VECTOR(move)                                                                       \
    move(0) move(1) move(2) move(3) move(4) move(5) move(6) move(7) move(8) move(9) move(10)    \
        move(11) move(12) move(13) move(14) move(15)
#define LOAD(n) "movdqu 72+16*" #n "(%rbx), %xmm" #n "\n\t"
#define STORE(n) "movdqu %xmm" #n ", 72+16*" #n "(%rbx)\n\t"

__asm__(".text\n"
        ".globl call_with\n"
        ".type call_with, @function\n"
        "call_with:\n\t"
        "pushq %rbx; pushq %r12; subq $40, %rsp\n\t" /* 32 of which ms_abi may write to */
        "movq %rdi, %rbx; movq %rsi, %r12\n\t" EVERY_VECTOR(LOAD)
        "movq (%rbx), %rax; movq 8(%rbx), %rcx; movq 16(%rbx), %rdx; movq 24(%rbx), %rsi\n\t"
        "movq 32(%rbx), %rdi; movq 40(%rbx), %r8; movq 48(%rbx), %r9\n\t"
        "movq 56(%rbx), %r10; movq 64(%rbx), %r11\n\t"
        "call *%r12\n\t"
        "movq %rax, (%rbx); movq %rcx, 8(%rbx); movq %rdx, 16(%rbx); movq %rsi, 24(%rbx)\n\t"
        "movq %rdi, 32(%rbx); movq %r8, 40(%rbx); movq %r9, 48(%rbx)\n\t"
        "movq %r10, 56(%rbx); movq %r11, 64(%rbx)\n\t" EVERY_VECTOR(STORE)
        "addq $40, %rsp; popq %r12; popq %rbx\n\t"
        "ret\n\t"
        ".size call_with, . - call_with\n\t"
        ".section .note.GNU-stack, \"\", @progbits\n\t"
        ".text\n");

static volatile int count;

#define EVERY                                                                                    \
    DEEP_PROFILE(rate=1) DEEP_PROFILE_IF_SLOW(500ms) DEEP_PROFILE_CALLS() DEEP_PROFILE_MEMORY() \
        __attribute__((noinline))
#define KEEPS_ALL __attribute__((noinline, no_caller_saved_registers, target("general-regs-only")))
#define OF_WINDOWS __attribute__((noinline, ms_abi))

EVERY KEEPS_ALL void keeps_all(void)
{
    count++;
}

KEEPS_ALL void plain_keeps_all(void)
{
    count++;
}

EVERY OF_WINDOWS uint64_t of_windows(uint64_t a, uint64_t b, uint64_t c)
{
    count++;
    return a + 2 * b + 3 * c;
}

OF_WINDOWS uint64_t plain_of_windows(uint64_t a, uint64_t b, uint64_t c)
{
    count++;
    return a + 2 * b + 3 * c;
}

EVERY double of_system(double a, double b)
{
    count++;
    return a * b;
}

static int check(const char *name, void *function, int all)
{
    struct registers values, before;
    memset(&values, 0x5a, sizeof values);
    values.rcx = 1, values.rdx = 2, values.r8 = 3;
    for (int i = 0; i < 16; i++)
        memset(values.vectors[i], i + 1, 16);
    before = values;
    call_with(&values, function);
    int kept = values.rsi == before.rsi && values.rdi == before.rdi &&
               memcmp(values.vectors[6], before.vectors[6], 10 * 16) == 0;
    if (all)
        kept = memcmp(&values, &before, sizeof values) == 0;
    else
        kept = kept && values.rax == 1 + 2 * 2 + 3 * 3;
    if (!kept)
        printf("%s changed a register\n", name);
    return !kept;
}

int main(void)
{
    int wrong = 0;
    for (int i = 0; i < 1000 && !wrong; i++) {
        wrong |= check("keeps_all", (void *)keeps_all, 1);
        wrong |= check("plain_keeps_all", (void *)plain_keeps_all, 1);
        wrong |= check("of_windows", (void *)of_windows, 0);
        wrong |= check("plain_of_windows", (void *)plain_of_windows, 0);
        wrong |= of_system(i, 3) != i * 3;
    }
    return wrong || count != 5000;
}
