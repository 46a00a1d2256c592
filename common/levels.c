/* See levels.h. */
#include "levels.h"

#include <string.h>

#include "values.h"

/* The part of *rest up to `end`, or all of it; *rest is then what follows. */
static struct dp_word next_part(struct dp_word *rest, char end)
{
    const char *found = memchr(rest->text, end, rest->length);
    struct dp_word part = {rest->text, found ? (size_t)(found - rest->text) : rest->length};
    size_t used = part.length + (found ? 1 : 0);

    *rest = (struct dp_word){rest->text + used, rest->length - used};
    return dp_trim(part);
}

static int read_limits(struct dp_word text, uint64_t limits[DP_LEVEL_LIMITS])
{
    for (int i = 0; i < DP_LEVEL_LIMITS; i++) {
        struct dp_word number = next_part(&text, ',');
        if (dp_scan_integer(number, &limits[i]) != DP_VALUE_FINE ||
            (i > 0 && limits[i] <= limits[i - 1]))
            return -1;
    }
    return text.length ? -1 : 0;
}

int dp_levels_find(const char *setting, const char *gauge, uint64_t limits[DP_LEVEL_LIMITS])
{
    struct dp_word rest = {setting, strlen(setting)};
    uint64_t of_all[DP_LEVEL_LIMITS] = {1, 5, 20}, of_this[DP_LEVEL_LIMITS];
    bool named = false;

    while (rest.length > 0) {
        struct dp_word part = next_part(&rest, ';'), name = {"", 0};
        uint64_t read[DP_LEVEL_LIMITS];
        if (memchr(part.text, '=', part.length))
            name = next_part(&part, '=');
        if (read_limits(part, read) != 0)
            return -1;
        if (name.length == 0)
            memcpy(of_all, read, sizeof read);
        else if (gauge && dp_word_is(name, gauge))
            memcpy(of_this, read, sizeof read);
        named |= name.length > 0 && gauge && dp_word_is(name, gauge);
    }
    memcpy(limits, named ? of_this : of_all, sizeof of_all);
    return 0;
}

uint32_t dp_level_of(const uint64_t limits[DP_LEVEL_LIMITS], int64_t value)
{
    uint32_t level = 0;

    while (level < DP_LEVEL_LIMITS && value >= 0 && (uint64_t)value >= limits[level])
        level++;
    return level;
}
