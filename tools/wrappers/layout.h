/* The places of our files, in an installation or in a build folder. */
#ifndef DEEP_PROFILE_LAYOUT_H
#define DEEP_PROFILE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct dp_layout {
    const char *self;    /* this program */
    const char *include; /* folder of deep_profile.h */
    const char *plugins; /* folder of gcc-MAJOR/deep_profile.so */
    const char *runtime; /* folder of libdeep_profile.so and .a */
    bool needs_rpath;    /* the loader does not search `runtime` by itself */
};

void dp_layout_find(struct dp_layout *layout);

/* The path of the plugin for this major version of GCC, or NULL. */
const char *dp_layout_plugin(const struct dp_layout *layout, int major);

/* Dies if the runtime's library "libdeep_profile.so" or ".a" is of another release than this
 * program: an installation of two releases. A file without a mark is let through. */
void dp_layout_check_release(const struct dp_layout *layout, const char *library);

/* Fills in the major versions that have a plugin, newest first; returns their number. */
size_t dp_layout_majors(const struct dp_layout *layout, int *majors, size_t room);

#endif
