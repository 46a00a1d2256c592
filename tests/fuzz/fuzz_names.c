/*
 * The fuzz target for names of addresses: one input is one program file, as a crafted log
 * may name it. What must hold, whatever the file:
 *
 *  - the reader itself neither crashes nor reads out of bounds (sanitizers), and comes to an
 *    end (-timeout): what happens to its worker becomes a message;
 *  - the block that the worker returns has an answer to every question, or is refused.
 *
 * An input that begins with "block" is such a block instead (answers.h), as a faulty worker or
 * a damaged cache could return it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbols/answers.h"
#include "symbols/symbols.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_names: %s\n", what);
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setenv("DEEP_PROFILE_SYMBOL_CACHE", "off", 1);
    return 0;
}

static void read_block(const uint8_t *data, size_t size)
{
    struct dp_answers answers;
    size_t letters = 0;
    void *bytes = malloc(size + 1);

    memcpy(bytes, data, size);
    if (dp_answers_read(&answers, bytes, size)) {
        letters = strlen(answers.problem) + strlen(answers.source);
        for (size_t i = 0; i < answers.n; i++) {
            const struct dp_answer *answer = dp_answers_find(&answers, answers.answers[i].address);
            check(answer == &answers.answers[i], "an address is not found");
            for (uint32_t f = 0; f < answer->n; f++)
                letters += strlen(answers.strings + answers.frames[answer->first + f].function) +
                           strlen(answers.strings + answers.frames[answer->first + f].file);
        }
    }
    check(letters < SIZE_MAX, "strings are endless");
    free(bytes);
}

static void read_file(const uint8_t *data, size_t size)
{
    static const uint64_t addresses[] = {0, 0x10c, 0x40010c, 0x400110, 0x400119, UINT64_MAX};
    struct dp_symbol_frame frames[DP_SYMBOL_FRAMES];
    struct dp_symbols *symbols = dp_symbols_create();
    int file = memfd_create("fuzz", 0);
    char path[64];

    check(file >= 0 && write(file, data, size) == (ssize_t)size, "no file in memory");
    snprintf(path, sizeof path, "/proc/%d/fd/%d", getpid(), file);
    struct dp_symbol_file *named = dp_symbols_file(symbols, path, NULL, 0);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        dp_symbol_want(named, addresses[i]);
    dp_symbols_find(symbols);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        check(dp_symbol_frames(named, addresses[i], frames) <= DP_SYMBOL_FRAMES,
              "more frames than there can be");
    dp_symbols_destroy(symbols);
    close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 5 && memcmp(data, "block", 5) == 0)
        read_block(data + 5, size - 5);
    else
        read_file(data, size);
    return 0;
}
