/* See place.h. */
#include "place.h"

#include <errno.h>

const char *dp_place_text(enum dp_place_fault fault)
{
    static const char *const texts[] = {
        "is fine",
        "is a link that another user made",
        "was made by another user where others may write",
        "may be written by everybody",
        "may be written by its group",
    };
    return texts[fault];
}

static bool is_trusted(const struct dp_place_walk *walk, uint32_t owner)
{
    return owner == 0 || owner == walk->self;
}

/* Checks one more directory on the way. */
static enum dp_place_fault step(struct dp_place_walk *walk, const struct dp_place *place)
{
    const uint32_t others_write = 0002, group_write = 0020, sticky = 01000;
    bool is_sticky = place->mode & sticky;

    if (place->link && !is_trusted(walk, place->link_owner))
        return DP_PLACE_LINK_OF_ANOTHER;
    if (walk->shared && !place->link && !is_trusted(walk, place->owner))
        return DP_PLACE_OF_ANOTHER;
    if (place->mode & others_write && !is_sticky)
        return DP_PLACE_OPEN_TO_ALL;
    bool group = place->mode & group_write && place->group != place->owner;
    walk->shared = group || place->mode & others_write;
    walk->group = group && !is_sticky ? DP_PLACE_OPEN_TO_GROUP : DP_PLACE_FINE;
    return DP_PLACE_FINE;
}

/* Checks path[0, end), which exists or is made. */
static int visit(struct dp_place_walk *walk, char *path, size_t end, dp_place_make *make,
                 dp_place_look *look, enum dp_place_fault *fault)
{
    struct dp_place place;
    char behind = path[end];
    path[end] = '\0';
    int error = make && end > 1 ? make(path) : -EEXIST;
    bool made = error == 0;
    if (error == -EEXIST)
        error = look(path, &place);
    path[end] = behind;
    if (error)
        return error;
    if (made) { /* ours, and writable by nobody else */
        walk->shared = false;
        walk->group = DP_PLACE_FINE;
        return 0;
    }
    *fault = step(walk, &place);
    return *fault == DP_PLACE_FINE ? 0 : -EACCES;
}

int dp_place_above(char *path, struct dp_place_walk *walk, dp_place_make *make, dp_place_look *look,
                   enum dp_place_fault *fault, size_t *length)
{
    int error = 0;
    walk->shared = false;
    walk->group = DP_PLACE_FINE;
    *fault = DP_PLACE_FINE;
    *length = 0;
    for (size_t at = 0; error == 0 && path[at]; at++) {
        if (path[at] != '/')
            continue;
        size_t end = at ? at : 1;
        error = visit(walk, path, end, make, look, fault);
        if (error != -ENOENT)
            *length = end;
    }
    if (error == -ENOENT && !make)
        error = 0;
    if (error == 0)
        *fault = walk->group;
    return *fault == DP_PLACE_FINE ? error : -EACCES;
}
