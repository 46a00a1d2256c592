/*
 * Jumping into the runtime changes no register that inserted code does not give
 * up: all general registers but rax, r10, r11; all vector registers, mxcsr and
 * the x87 stack; and the red zone. Tried on every kind of slow path: an opened
 * call, one that needs a new packet, a thread's first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "hand_gate.h"

HAND_SITE(opened, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(counted, DP_ATTRIBUTE_MEMORY, "", 0);

struct registers {
    uint64_t general[12]; /* rbx rcx rdx rsi rdi r8 r9 r12 r13 r14 r15 and the red zone */
    uint8_t vector[16][64];
    uint32_t mxcsr;
};

static struct registers before, after;

/* The thunk's protocol with known values everywhere. */
#define JUMP(name)                                                                          \
    static void jump_##name(struct dp_site *site, uint64_t *t0)                             \
    {                                                                                       \
        __asm__ volatile(                                                                   \
            "push %%rbp\n\tsub $256, %%rsp\n\t"                                             \
            "mov %[site], 8(%%rsp)\n\tmov %[t0], 16(%%rsp)\n\tmov (%[t0]), %%rax\n\t"       \
            "lea before(%%rip), %%rbp\n\t"                                                  \
            "mov 0(%%rbp), %%rbx\n\tmov 8(%%rbp), %%rcx\n\tmov 16(%%rbp), %%rdx\n\t"        \
            "mov 24(%%rbp), %%rsi\n\tmov 32(%%rbp), %%rdi\n\tmov 40(%%rbp), %%r8\n\t"       \
            "mov 48(%%rbp), %%r9\n\tmov 56(%%rbp), %%r12\n\tmov 64(%%rbp), %%r13\n\t"       \
            "mov 72(%%rbp), %%r14\n\tmov 80(%%rbp), %%r15\n\t"                              \
            "mov 88(%%rbp), %%r10\n\tmov %%r10, -128(%%rsp)\n\tmov %%r10, -8(%%rsp)\n\t"    \
            "mov 8(%%rsp), %%r10\n\t"                                                       \
            "lea 1f(%%rip), %%r11\n\t"                                                      \
            "jmp *deep_profile_" #name "@GOTPCREL(%%rip)\n"                                 \
            "1:\tlea after(%%rip), %%r10\n\t"                                               \
            "mov %%rbx, 0(%%r10)\n\tmov %%rcx, 8(%%r10)\n\tmov %%rdx, 16(%%r10)\n\t"        \
            "mov %%rsi, 24(%%r10)\n\tmov %%rdi, 32(%%r10)\n\tmov %%r8, 40(%%r10)\n\t"       \
            "mov %%r9, 48(%%r10)\n\tmov %%r12, 56(%%r10)\n\tmov %%r13, 64(%%r10)\n\t"       \
            "mov %%r14, 72(%%r10)\n\tmov %%r15, 80(%%r10)\n\t"                              \
            "mov -128(%%rsp), %%r11\n\tmov %%r11, 88(%%r10)\n\t"                            \
            "cmp -8(%%rsp), %%r11\n\tje 2f\n\tmovq $0, 88(%%r10)\n"                         \
            "2:\tmov 16(%%rsp), %%rcx\n\tmov %%rax, (%%rcx)\n\t"                            \
            "lea before(%%rip), %%rcx\n\tsub %%rbp, %%rcx\n\tadd %%rcx, 80(%%r10)\n\t"      \
            "add $256, %%rsp\n\tpop %%rbp"                                                  \
            :                                                                               \
            : [site] "a"(site), [t0] "d"(t0)                                                \
            : "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",    \
              "r15", "cc", "memory");                                                       \
    }
JUMP(enter)
JUMP(exit)

#define LOAD(i) "movups before+96+64*" #i "(%%rip), %%xmm" #i "\n\t"
#define STORE(i) "movups %%xmm" #i ", after+96+64*" #i "(%%rip)\n\t"
#define LOAD_512(i) "vmovups before+96+64*" #i "(%%rip), %%zmm" #i "\n\t"
#define STORE_512(i) "vmovups %%zmm" #i ", after+96+64*" #i "(%%rip)\n\t"
#define LOAD_256(i) "vmovups before+96+64*" #i "(%%rip), %%ymm" #i "\n\t"
#define STORE_256(i) "vmovups %%ymm" #i ", after+96+64*" #i "(%%rip)\n\t"
#define ALL(X)                                                                        \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

static size_t vector_bytes(void)
{
    if (__builtin_cpu_supports("avx512f"))
        return 64;
    return __builtin_cpu_supports("avx") ? 32 : 16;
}

static void load_vectors(void)
{
    switch (vector_bytes()) {
    case 64:
        __asm__ volatile(ALL(LOAD_512)::: "memory");
        break;
    case 32:
        __asm__ volatile(ALL(LOAD_256)::: "memory");
        break;
    default:
        __asm__ volatile(ALL(LOAD)::: "memory");
    }
    __asm__ volatile("ldmxcsr %0" ::"m"(before.mxcsr));
}

static void store_vectors(void)
{
    __asm__ volatile("stmxcsr %0" : "=m"(after.mxcsr));
    switch (vector_bytes()) {
    case 64:
        __asm__ volatile(ALL(STORE_512)::: "memory");
        break;
    case 32:
        __asm__ volatile(ALL(STORE_256)::: "memory");
        break;
    default:
        __asm__ volatile(ALL(STORE)::: "memory");
    }
}

static void compare(void)
{
    for (int i = 0; i < 12; i++)
        CHECK(before.general[i] == after.general[i]);
    for (int i = 0; i < 16; i++)
        CHECK(memcmp(before.vector[i], after.vector[i], vector_bytes()) == 0);
    CHECK(before.mxcsr == after.mxcsr);
}

static void fill(uint64_t seed)
{
    uint8_t *bytes = (uint8_t *)&before;
    for (size_t i = 0; i < sizeof before; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(seed >> 56);
    }
    before.mxcsr = 0x1f80 | (uint32_t)(seed & 3) << 13; /* rounding modes */
}

static void one_call(struct dp_site *site, uint64_t seed)
{
    uint64_t t0 = 0;
    long double kept = 1.0L / 3;
    fill(seed);
    errno = 77;
    deep_profile_budget = -1;
    load_vectors();
    jump_enter(site, &t0);
    store_vectors();
    compare();
    CHECK(t0 & DP_DUE_OPENED);
    deep_profile_budget = 0;
    load_vectors();
    jump_exit(site, &t0);
    store_vectors();
    compare();
    __asm__ volatile("ldmxcsr %0" ::"m"((const uint32_t){0x1f80}));
    CHECK(errno == 77);
    CHECK(kept == 1.0L / 3);
}

int main(void)
{
    for (uint64_t i = 1; i < 3000; i++) { /* many packets of 4 KB */
        one_call(&opened_site, i);
        one_call(&counted_site, i);
    }
    return 0;
}
