/* See requested.h. */
#include "requested.h"

#include <string.h>

#include "base/message.h"
#include "base/output_file.h"
#include "log/log_dir.h"
#include "model/flame_graph.h"
#include "model/flame_requests.h"
#include "model/profile_gather.h"
#include "render/flame_html.h"
#include "render/flame_json.h"
#include "render/flame_svg.h"

static void (*const writers[])(const struct dp_flame_graph *graph, FILE *out) = {
    [DP_FORMAT_SVG] = dp_flame_svg,
    [DP_FORMAT_HTML] = dp_flame_html,
    [DP_FORMAT_JSON] = dp_flame_json,
};

static int write_file(const struct dp_flame_request *request, const struct dp_flame_graph *graph)
{
    struct dp_output_file file;
    int error = dp_output_file_open(&file, request->path);

    if (!error) {
        writers[request->format](graph, file.stream);
        error = dp_output_file_close(&file);
    }
    if (error) {
        dp_error("cannot write '%s': %s", request->path, strerror(-error));
        return DP_EXIT_DATA;
    }
    return DP_EXIT_OK;
}

static int draw(const struct dp_flame_request *request, struct dp_profile *profile)
{
    struct dp_flame_graph graph;
    int status = DP_EXIT_DATA;

    if (dp_flame_graph_of_site(&graph, profile, request->site->index))
        status = write_file(request, &graph);
    else
        dp_error("no flame graph of '%s': nothing was recorded in it", request->site->function);
    dp_flame_graph_finish(&graph);
    return status;
}

static int draw_log(const char *path, bool missing)
{
    struct dp_profile profile;
    struct dp_problem problem;
    struct dp_flame_requests requests;
    int worst = dp_profile_gather(&profile, path,
                                  DP_PROFILE_STATE | DP_PROFILE_STREAMS | DP_PROFILE_TREE, 0,
                                  &problem);

    if (worst != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return worst;
    }
    dp_flame_requests_find(&requests, &profile);
    for (size_t i = 0; i < requests.n; i++) {
        const struct dp_flame_request *request = &requests.requests[i];
        if (missing && dp_flame_request_is_drawn(request, &profile))
            continue;
        int status = draw(request, &profile);
        if (status == DP_EXIT_OK)
            dp_error("flame graph: %s", request->path);
        worst = status > worst ? status : worst;
    }
    if (requests.n == 0 && !missing) {
        dp_error("no function of '%s' asks for a flame graph: flame_graph(output=FILE) does", path);
        worst = DP_EXIT_DATA;
    }
    dp_flame_requests_finish(&requests);
    dp_profile_finish(&profile);
    return worst;
}

int dp_draw_requested(const char *path, bool missing)
{
    struct dp_paths logs;
    int worst = dp_logs_find(path, &logs);

    for (size_t i = 0; i < logs.n; i++) {
        int status = draw_log(logs.path[i], missing);
        worst = status > worst ? status : worst;
    }
    dp_paths_free(&logs);
    return worst;
}
