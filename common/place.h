/*
 * Where a log may be made: not where somebody else could put another directory
 * in its place, or already has.
 *
 * A path is walked from the root. Refused are
 *  - a link that another user made (root's are trusted);
 *  - in a directory where others may write (sticky, as /tmp), a directory that
 *    another user made;
 *  - a directory where everybody may write and which is not sticky;
 *  - as the place of the log itself also one where a group may write, unless
 *    the group is the owner's own (it has the owner's number).
 *
 * Used by the runtime, which makes what is missing on the way, and by the tool,
 * which says before and after why there is no log. System calls are the
 * caller's.
 */
#ifndef DEEP_PROFILE_ABI_PLACE_H
#define DEEP_PROFILE_ABI_PLACE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A path as it is found. */
struct dp_place {
    uint32_t owner, group;
    uint32_t mode;       /* as in st_mode */
    uint32_t link_owner; /* of the link by which it is reached */
    bool link;
};

enum dp_place_fault {
    DP_PLACE_FINE,
    DP_PLACE_LINK_OF_ANOTHER,
    DP_PLACE_OF_ANOTHER,
    DP_PLACE_OPEN_TO_ALL,
    DP_PLACE_OPEN_TO_GROUP,
};

/* Behind "'PATH' ". */
static inline const char *dp_place_text(enum dp_place_fault fault)
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

struct dp_place_walk {
    uint32_t self;             /* our user */
    bool shared;               /* others may write to the place before */
    enum dp_place_fault group; /* of the place before: whether it may hold a log */
};

static inline bool dp_place_trusted(const struct dp_place_walk *walk, uint32_t owner)
{
    return owner == 0 || owner == walk->self;
}

/* One more directory on the way. */
static inline enum dp_place_fault dp_place_step(struct dp_place_walk *walk,
                                                const struct dp_place *place)
{
    const uint32_t others_write = 0002, group_write = 0020, sticky = 01000;
    bool is_sticky = place->mode & sticky;

    if (place->link && !dp_place_trusted(walk, place->link_owner))
        return DP_PLACE_LINK_OF_ANOTHER;
    if (walk->shared && !place->link && !dp_place_trusted(walk, place->owner))
        return DP_PLACE_OF_ANOTHER;
    if (place->mode & others_write && !is_sticky)
        return DP_PLACE_OPEN_TO_ALL;
    bool group = place->mode & group_write && place->group != place->owner;
    walk->shared = group || place->mode & others_write;
    walk->group = group && !is_sticky ? DP_PLACE_OPEN_TO_GROUP : DP_PLACE_FINE;
    return DP_PLACE_FINE;
}

/* 0 or -errno. `look` finds out what is there, of a link also what it stands
 * for; `make` makes a directory. */
typedef int dp_place_look(const char *path, struct dp_place *place);
typedef int dp_place_make(const char *path);

/* path[0, end), which is there or is made. */
static inline int dp_place_visit(struct dp_place_walk *walk, char *path, size_t end,
                                 dp_place_make *make, dp_place_look *look,
                                 enum dp_place_fault *fault)
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
    if (made) { /* ours, and nobody else's */
        walk->shared = false;
        walk->group = DP_PLACE_FINE;
        return 0;
    }
    *fault = dp_place_step(walk, &place);
    return *fault == DP_PLACE_FINE ? 0 : -EACCES;
}

/*
 * Visits all directories above `path`, which is absolute and stays as it was.
 * With `make` NULL it ends at the first that is not there. The caller sets
 * walk->self; afterwards *walk tells of the last. Returns 0, -errno, or -EACCES
 * with a *fault; *length: how much of `path` is to blame.
 */
static inline int dp_place_above(char *path, struct dp_place_walk *walk, dp_place_make *make,
                                 dp_place_look *look, enum dp_place_fault *fault, size_t *length)
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
        error = dp_place_visit(walk, path, end, make, look, fault);
        if (error != -ENOENT)
            *length = end;
    }
    if (error == -ENOENT && !make)
        error = 0;
    if (error == 0)
        *fault = walk->group;
    return *fault == DP_PLACE_FINE ? error : -EACCES;
}

#endif
