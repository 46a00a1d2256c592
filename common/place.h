/*
 * Where a log may be made: not where another user could put a different directory in its
 * place, or already has. The path is walked from the root. These are refused:
 *
 * - a link that another user made (root's links are trusted);
 * - in a directory where others may write (sticky, as /tmp), a directory that another user made;
 * - a directory where everybody may write and which is not sticky;
 * - for the log itself also a directory where a group may write, unless the group is the owner's
 *   own (it has the owner's number).
 *
 * Used by the runtime, which makes the missing directories on the way, and by the tool,
 * which says why there is no log. The caller makes the system calls.
 */
#ifndef DP_COMMON_PLACE_H
#define DP_COMMON_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the file system says of a path. */
struct dp_place {
    uint32_t owner, group;
    uint32_t mode;       /* as in st_mode */
    uint32_t link_owner; /* of the link that the path ends with */
    bool link;
};

enum dp_place_fault {
    DP_PLACE_FINE,
    DP_PLACE_LINK_OF_ANOTHER,
    DP_PLACE_OF_ANOTHER,
    DP_PLACE_OPEN_TO_ALL,
    DP_PLACE_OPEN_TO_GROUP,
};

/* What is wrong, as the words that follow "'PATH' ". */
const char *dp_place_text(enum dp_place_fault fault);

struct dp_place_walk {
    uint32_t self;             /* our user */
    bool shared;               /* others may write to the previous directory */
    enum dp_place_fault group; /* whether the previous directory may hold a log */
};

/* Both return 0 or -errno. `look` describes what is at `path`, and for a link also its
 * target; `make` makes a directory. */
typedef int dp_place_look(const char *path, struct dp_place *place);
typedef int dp_place_make(const char *path);

/*
 * Visits all directories above `path`, which is absolute and is not changed. With `make`
 * NULL it stops at the first one that does not exist. The caller sets walk->self;
 * afterwards *walk describes the last directory. Returns 0, -errno, or -EACCES with a
 * *fault; then path[0, *length) is the bad directory.
 */
int dp_place_above(char *path, struct dp_place_walk *walk, dp_place_make *make,
                   dp_place_look *look, enum dp_place_fault *fault, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
