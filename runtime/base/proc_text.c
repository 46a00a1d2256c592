/* See proc_text.h. */
#include "proc_text.h"

#include <stddef.h>
#include <string.h>

uint64_t dp_proc_number(const char **at)
{
    uint64_t value = 0;
    while (**at == ' ' || **at == '\t')
        ++*at;
    while (**at >= '0' && **at <= '9')
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    return value;
}

uint64_t dp_proc_number_after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    if (!at)
        return 0;
    at += strlen(key);
    return dp_proc_number(&at);
}

const char *dp_proc_stat_field(const char *text, int wanted)
{
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < wanted; field++)
        at = strchr(at + 1, ' ');
    return at ? at + 1 : NULL;
}
