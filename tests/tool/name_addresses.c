/*
 * Names of addresses, as the tool finds them: what names.py compares with other tools.
 *
 *     name_addresses FILE [BUILD-ID]     addresses in hexadecimal on stdin, one a line
 *
 * For each address a line with it, then a line for each function, innermost first:
 * "  FUNCTION<tab>FILE<tab>LINE<tab>inlined". At the end what is wrong with the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/symbols.h"

static size_t bytes_of(const char *hex, uint8_t *bytes, size_t most)
{
    size_t n = 0;

    for (; n < most && hex[2 * n] && hex[2 * n + 1]; n++)
        if (sscanf(hex + 2 * n, "%2hhx", &bytes[n]) != 1)
            break;
    return n;
}

static void print_address(const struct dp_symbol_file *file, uint64_t address)
{
    struct dp_symbol_frame frames[DP_SYMBOL_FRAMES];
    size_t n = dp_symbol_frames(file, address, frames);

    printf("0x%llx\n", (unsigned long long)address);
    for (size_t i = 0; i < n; i++)
        printf("  %s\t%s\t%u\t%s\n", frames[i].function ? frames[i].function : "?",
               frames[i].file ? frames[i].file : "?", frames[i].line,
               frames[i].inlined ? "inlined" : "");
}

int main(int argc, char **argv)
{
    struct dp_symbols *symbols = dp_symbols_create();
    uint64_t *addresses = NULL;
    uint8_t id[32];
    size_t n = 0, id_bytes = argc > 2 ? bytes_of(argv[2], id, sizeof id) : 0;
    char line[64];

    if (argc < 2)
        return 2;
    struct dp_symbol_file *file = dp_symbols_file(symbols, argv[1], id, id_bytes);
    while (fgets(line, sizeof line, stdin)) {
        addresses = realloc(addresses, (n + 1) * sizeof *addresses);
        if (!addresses)
            return 2;
        addresses[n] = strtoull(line, NULL, 16);
        dp_symbol_want(file, addresses[n++]);
    }
    dp_symbols_find(symbols);
    for (size_t i = 0; i < n; i++)
        print_address(file, addresses[i]);
    if (*dp_symbols_problem(symbols, 0))
        printf("problem: %s\n", dp_symbols_problem(symbols, 0));
    free(addresses);
    dp_symbols_destroy(symbols);
    return 0;
}
