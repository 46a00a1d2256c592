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

bool dp_proc_processors(const char *text, uint64_t *busy, uint64_t *all)
{
    uint64_t fields[8]; /* user nice system idle iowait irq softirq steal */
    if (strncmp(text, "cpu ", 4) != 0)
        return false;
    const char *at = text + 4;
    *all = 0;
    for (int i = 0; i < 8; i++) {
        fields[i] = dp_proc_number(&at);
        *all += fields[i];
    }
    *busy = *all - fields[3] - fields[4];
    return true;
}

const char *dp_proc_stat_field(const char *text, int wanted)
{
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < wanted; field++)
        at = strchr(at + 1, ' ');
    return at ? at + 1 : NULL;
}
