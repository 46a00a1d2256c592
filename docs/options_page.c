/*
 * Writes docs/options.md from the tables that the parsers are made of. A test
 * compares the page with what this prints; to bring it up to date:
 *
 *     build/docs/options-page > docs/options.md
 */
#include <stdio.h>
#include <string.h>

#include "common/options.h"
#include "common/rules.h"

static const char *const attributes[] = {
#define DP_ATTRIBUTE(id, name, macro) name,
#include "deep_profile/attributes.def"
};

static const char *const macros[] = {
#define DP_ATTRIBUTE(id, name, macro) macro,
#include "deep_profile/attributes.def"
};

/* A bar inside of a table's cell would end it. */
static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text);
    }
}

static void print_default(const char *initial)
{
    if (strcmp(initial, DP_REQUIRED) == 0) {
        printf("required");
    } else if (*initial) {
        putchar('`');
        print_cell(initial);
        putchar('`');
    }
}

static void print_attribute(size_t attribute)
{
    printf("\n### `%s`: `%s(…)`\n\n| option | default | what it does |\n|---|---|---|\n",
           attributes[attribute], macros[attribute]);
    for (size_t i = 0; i < DP_OPTION_COUNT; i++) {
        const struct dp_option_row *row = &dp_option_rows()[i];
        if (!row->initial[attribute])
            continue;
        printf("| `%s` | ", row->key);
        print_default(row->initial[attribute]);
        printf(" | ");
        print_cell(row->what);
        if (row->type == DP_TYPE_integer)
            printf(", %llu to %llu", (unsigned long long)row->minimum,
                   (unsigned long long)row->maximum);
        printf(" |\n");
    }
}

/* The words of DEEP_PROFILE for on or for off, as "`a`, `b` or `c`". */
static void print_words(uint64_t on)
{
    const char *last = NULL;
    size_t n = 0;
    for (const struct dp_name *word = dp_rules_words(); word->name; word++) {
        if (word->value != on)
            continue;
        if (last)
            printf("%s`%s`", n++ ? ", " : "", last);
        last = word->name;
    }
    printf("%s`%s`", n ? " or " : "", last);
}

static void print_settings(void)
{
    static const struct {
        const char *name, *type, *initial, *what;
    } rows[] = {
#define DP_SETTING(name, NAME, type, default_text, minimum, maximum, what) \
    {"DEEP_PROFILE_" #NAME, #type, default_text, what},
#include "deep_profile/settings.def"
    };
    printf("\n| variable | type | default | what it does |\n|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        printf("| `%s` | %s | %s%s%s | %s |\n", rows[i].name, rows[i].type,
               *rows[i].initial ? "`" : "", rows[i].initial, *rows[i].initial ? "`" : "",
               rows[i].what);
}

int main(void)
{
    printf("# Options, rules and settings\n\n"
           "Generated from `include/deep_profile/options.def` and `settings.def` by\n"
           "`docs/options_page.c`; a test keeps it up to date.\n\n"
           "## Attributes\n\n"
           "Durations take ns, us, ms, s and min (a bare number is ms), sizes B, KB, MB and GB\n"
           "(powers of 1024; a bare number is bytes), rates a number from 0 to 1. Values may\n"
           "stand in double quotes. Everything is checked when the program is compiled.\n");
    for (size_t i = 0; i < DP_ATTRIBUTE_COUNT; i++)
        print_attribute(i);
    printf("\n## Rules: `DEEP_PROFILE`\n\nUnset, empty, ");
    print_words(0);
    printf(": off. ");
    print_words(1);
    printf(": on,\nwith the attributes as written; in capitals, too. With any other word nothing is "
           "profiled, and\nthe program leaves a log that says so. Anything with a colon is a list "
           "of rules, joined by `;`:\n\n"
           "    DEEP_PROFILE='parse_*:rate=1;query_*:slow=100ms,calls;*_debug:off'\n\n"
           "| rule | what it does to the functions whose name matches (`*`, `?`) |\n"
           "|---|---|\n"
           "| `rate=R` | profiles the share R of the calls (of `profile_production`, where a "
           "function has only that) |\n"
           "| `slow=D` | watches every call for taking longer than D; all slow calls leave an "
           "event |\n"
           "| `calls` | counts the calls exactly |\n"
           "| `memory`, `memory=B` | counts what the calls allocate, in totals; with B, also events of calls by which memory grows by B bytes or more (0: of all) |\n"
           "| `check_load=true` | stops while the machine is under load; without it, what a rule "
           "asks for is recorded under load, too |\n"
           "| `off` | takes everything away that stands before it |\n\n"
           "An event loop that waits for work is slow for a threshold, too: a rule behind the\n"
           "others leaves it out, as in `*:slow=5ms;aeProcessEvents:off`. What it calls is still\n"
           "watched. The report suggests it.\n\n"
           "Rules apply in order, in every environment; each changes what it names and leaves\n"
           "the rest of a function's attributes as they are. A rule that cannot be read is left\n"
           "out; `deep-profile report` and `doctor` name it. A value without a colon that is none\n"
           "of the words above means off.\n\n"
           "C++ functions are matched by their qualified names (`ns::type::member`). Pieces that\n"
           "GCC makes of a function in whole-program mode (`f.part.0`, `f.isra.0`) match as `f`,\n"
           "too. There, every function is profiled at `rate=0.01` while no rule is given; with\n"
           "rules, only what they name.\n\n"
           "## Settings\n\n"
           "Environment variables, read once when the program starts, and ignored in setuid\n"
           "programs. A bad value leaves the default; `deep-profile doctor` says why.\n");
    print_settings();
    return 0;
}
