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
 * Used by the runtime, which makes the missing directories on the way, and by the
 * tool, which says why there is no log. The caller makes the system calls.
 */
#ifndef DP_COMMON_PLACE_H
#define DP_COMMON_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

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

/* What is wrong, as the words behind "'PATH' ". */
const char *dp_place_text(enum dp_place_fault fault);

struct dp_place_walk {
    uint32_t self;             /* our user */
    bool shared;               /* others may write to the place before */
    enum dp_place_fault group; /* of the place before: whether it may hold a log */
};

/* Both return 0 or -errno. `look` describes what is at `path`, of a link also its
 * target; `make` makes a directory. */
typedef int dp_place_look(const char *path, struct dp_place *place);
typedef int dp_place_make(const char *path);

/*
 * Visits all directories above `path`, which is absolute and stays as it was.
 * With `make` NULL it ends at the first that does not exist. The caller sets
 * walk->self; afterwards *walk describes the last directory. Returns 0, -errno, or
 * -EACCES with a *fault; path[0, *length) is the directory to blame.
 */
int dp_place_above(char *path, struct dp_place_walk *walk, dp_place_make *make,
                   dp_place_look *look, enum dp_place_fault *fault, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
