/*
 * Holds memory in known amounts: holds leak|wait|family|fork.
 *
 * leak: 128 rounds. In each, leak_records allocates 64 KB in pieces of 1 KB and never gives
 * them back, and work_on allocates 256 KB in pieces of 4 KB and gives them back in the same
 * round. Before the first, fill_cache allocates 8 MB that stay.
 * wait: the same, then waits to be killed. fork: a forked child does it, too.
 * family: every function that allocates, 256 KB at a time, from one thread; the other one gives
 * everything back.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deep_profile.h>

#define KEEP(p) __asm__ volatile("" : : "r"(p) : "memory")

struct piece {
    struct piece *next;
    char rest[];
};

static struct piece *leaked, *cache;

static struct piece *take(struct piece *before, size_t bytes)
{
    struct piece *piece = malloc(bytes);
    if (!piece)
        abort();
    piece->next = before;
    return piece;
}

static void give_back(struct piece *piece)
{
    while (piece) {
        struct piece *next = piece->next;
        free(piece);
        piece = next;
    }
}

__attribute__((noinline)) static void fill_cache(void)
{
    for (int i = 0; i < 1024; i++)
        cache = take(cache, 8192);
    KEEP(cache);
}

__attribute__((noinline)) static void leak_records(void)
{
    for (int i = 0; i < 64; i++)
        leaked = take(leaked, 1024);
    KEEP(leaked);
}

__attribute__((noinline)) static void work_on(void)
{
    struct piece *pieces = NULL;
    for (int i = 0; i < 64; i++)
        pieces = take(pieces, 4096);
    KEEP(pieces);
    give_back(pieces);
}

DEEP_PROFILE(rate=1)
static void one_round(void)
{
    leak_records();
    work_on();
}

static void leak(void)
{
    fill_cache();
    for (int i = 0; i < 128; i++)
        one_round();
    puts("held");
    fflush(stdout);
}

enum { KINDS = 8, EACH = 8, BYTES = 262144 };

static void *blocks[KINDS * EACH];

static void *allocate(int kind)
{
    void *block = NULL;
    switch (kind) {
    case 0:
        return malloc(BYTES);
    case 1:
        return calloc(BYTES / 8, 8);
    case 2:
        return realloc(malloc(16), BYTES);
    case 3:
        return reallocarray(NULL, BYTES / 4, 4);
    case 4:
        return aligned_alloc(4096, BYTES);
    case 5:
        return memalign(64, BYTES);
    case 6:
        return posix_memalign(&block, 64, BYTES) == 0 ? block : NULL;
    default:
        return realloc(malloc(2 * BYTES), BYTES); /* mostly in place */
    }
}

__attribute__((noinline)) static void *take_all(void *unused)
{
    for (int i = 0; i < KINDS * EACH; i++) {
        blocks[i] = allocate(i % KINDS);
        if (!blocks[i])
            abort();
        memset(blocks[i], 1, BYTES);
    }
    return unused;
}

DEEP_PROFILE(rate=1)
static void family(void)
{
    pthread_t other;
    pthread_create(&other, NULL, take_all, NULL);
    pthread_join(other, NULL);
    for (int i = 0; i < KINDS * EACH; i++)
        free(blocks[i]);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "leak";
    if (strcmp(what, "family") == 0) {
        family();
        return 0;
    }
    if (strcmp(what, "fork") == 0) {
        pid_t child;
        fill_cache();
        child = fork();
        leak();
        if (child)
            waitpid(child, NULL, 0);
        return 0;
    }
    leak();
    while (strcmp(what, "wait") == 0)
        pause();
    return 0;
}
