/*
 * The flame graphs that a process's functions request, with flame_graph(output=…) or
 * profile(strategy=flame_graph), and the paths of their files.
 */
#ifndef DP_TOOLS_FLAME_REQUESTS_H
#define DP_TOOLS_FLAME_REQUESTS_H

#include "common/options.h"
#include "profile.h"

struct dp_flame_request {
    const struct dp_site_info *site;
    enum dp_format format;
    char *path; /* absolute when the log has the process's first working directory */
};

struct dp_flame_requests {
    struct dp_flame_request *requests; /* in order of the sites */
    size_t n, capacity;
};

/* The requests of attributes that are in force. `sites` of the profile must outlive them. */
void dp_flame_requests_find(struct dp_flame_requests *requests, const struct dp_profile *profile);

/* Whether the file exists and is newer than the start of the process. */
bool dp_flame_request_is_drawn(const struct dp_flame_request *request,
                               const struct dp_profile *profile);

/* Why the process itself did not draw, as a clause; NULL: no reason is known. */
const char *dp_flame_requests_problem(const struct dp_profile *profile);

void dp_flame_requests_finish(struct dp_flame_requests *requests);

#endif
