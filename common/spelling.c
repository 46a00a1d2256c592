/* See spelling.h. */
#include "spelling.h"

#include <string.h>

size_t dp_edit_distance(struct dp_word a, struct dp_word b)
{
    size_t rows[3][DP_SPELLING_MAX + 1];
    if (a.length >= DP_SPELLING_MAX || b.length >= DP_SPELLING_MAX)
        return DP_SPELLING_MAX;
    for (size_t j = 0; j <= b.length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.length; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *over = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            char x = dp_lower(a.text[i - 1]), y = dp_lower(b.text[j - 1]);
            size_t best = above[j - 1] + (x != y);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == dp_lower(b.text[j - 2]) && y == dp_lower(a.text[i - 2]) &&
                over[j - 2] + 1 < best)
                best = over[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a.length % 3][b.length];
}

static bool starts_with(struct dp_word word, struct dp_word start)
{
    if (start.length == 0 || word.length < start.length)
        return false;
    for (size_t i = 0; i < start.length; i++)
        if (dp_lower(word.text[i]) != dp_lower(start.text[i]))
            return false;
    return true;
}

/* The distance of `word` from `name`: 0 is nearest, DP_SPELLING_MAX too far to suggest. A
 * word that continues after the name (production, msec) is near. */
static size_t distance_to(struct dp_word word, const char *name)
{
    struct dp_word known = dp_make_word(name, strlen(name));
    size_t distance = dp_edit_distance(word, known);
    size_t longer = word.length > known.length ? word.length : known.length;
    if (distance == 0)
        return 0;
    if (starts_with(word, known))
        return 1 + (longer - known.length) / 8 + (known.length == 1);
    if (starts_with(known, word))
        return 1 + (word.length < 3);
    return distance <= (longer + 1) / 3 ? distance + 1 : DP_SPELLING_MAX;
}

const char *dp_nearest_name(const struct dp_name *names, struct dp_word word)
{
    const char *nearest = NULL;
    size_t best = DP_SPELLING_MAX;
    for (; names->name; names++) {
        size_t distance = distance_to(word, names->name);
        if (distance < best) {
            best = distance;
            nearest = names->name;
        }
    }
    return nearest;
}
