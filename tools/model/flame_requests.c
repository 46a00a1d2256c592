/* See flame_requests.h. */
#include "flame_requests.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/files.h"
#include "profile_figures.h"

static const char *const endings[] = {
    [DP_FORMAT_SVG] = "svg", [DP_FORMAT_HTML] = "html", [DP_FORMAT_JSON] = "json"};

/* The folder in which the process began. */
static const char *folder_of(const struct dp_profile *profile)
{
    for (size_t i = 0; i < profile->n_settings; i++)
        if (strcmp(profile->settings[i].name, "output_folder") == 0)
            return profile->settings[i].value;
    return NULL;
}

static void append(char **text, const char *more, size_t length)
{
    size_t had = strlen(*text);
    char *longer = dp_allocate(had + length + 1, 1);

    memcpy(longer, *text, had);
    memcpy(longer + had, more, length);
    free(*text);
    *text = longer;
}

/* %p and %e as in DEEP_PROFILE_OUT; %% is a %. */
static char *expand(struct dp_word output, const struct dp_profile *profile)
{
    const char *program = dp_profile_program(profile), *slash = strrchr(program, '/');
    char *path = dp_copy(""), pid[16];

    snprintf(pid, sizeof pid, "%u", dp_profile_pid(profile));
    for (size_t i = 0; i < output.length; i++) {
        char next = output.text[i] == '%' && i + 1 < output.length ? output.text[i + 1] : '\0';
        const char *put = next == 'p' ? pid : next == 'e' ? slash ? slash + 1 : program : NULL;
        if (put)
            append(&path, put, strlen(put));
        else
            append(&path, &output.text[i], 1);
        i += put || next == '%';
    }
    return path;
}

/* "query.1234.svg": the function's name without characters that do not belong in file names. */
static char *made_up(const char *function, enum dp_format format,
                     const struct dp_profile *profile)
{
    char name[160];
    int at = 0;

    for (; *function && at < 100; function++)
        name[at++] = isalnum((unsigned char)*function) || strchr("_-", *function) ? *function : '-';
    snprintf(name + at, sizeof name - (size_t)at, ".%u.%s", dp_profile_pid(profile),
             endings[format]);
    return dp_copy(name);
}

/* A forked child must not overwrite its parent's file: "a.svg" becomes "a.1234.svg". */
static char *add_pid(char *path, uint32_t pid)
{
    char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.'), *added;
    int before = (int)(dot && dot != path ? (size_t)(dot - path) : strlen(path));

    if (asprintf(&added, "%.*s.%u%s", before, path, pid, path + before) < 0)
        return path;
    free(path);
    return added;
}

static char *path_of(const struct dp_site_info *site, const struct dp_options *options,
                     const struct dp_profile *profile)
{
    const char *folder = folder_of(profile);
    bool given = options->output.length > 0;
    char *path = given ? expand(options->output, profile)
                       : made_up(site->function, options->format, profile);

    if (given && profile->process.pictures & DP_PICTURES_CHILD &&
        !memmem(options->output.text, options->output.length, "%p", 2))
        path = add_pid(path, dp_profile_pid(profile));
    if (*path != '/' && folder && *folder == '/') {
        char *absolute = dp_join(folder, path);
        free(path);
        return absolute;
    }
    return path;
}

static void add(struct dp_flame_requests *requests, const struct dp_site_info *site,
                const struct dp_options *options, const struct dp_profile *profile)
{
    requests->requests = dp_append(requests->requests, &requests->n, &requests->capacity,
                                   sizeof *requests->requests);
    requests->requests[requests->n - 1] = (struct dp_flame_request){
        site, options->format, path_of(site, options, profile)};
}

void dp_flame_requests_find(struct dp_flame_requests *requests, const struct dp_profile *profile)
{
    static const enum dp_attribute drawn[] = {DP_ATTRIBUTE_PROFILE, DP_ATTRIBUTE_FLAME_GRAPH};

    *requests = (struct dp_flame_requests){0};
    for (uint32_t i = 0; i < profile->sites.n; i++)
        for (size_t a = 0; profile->sites.sites[i] && a < sizeof drawn / sizeof *drawn; a++) {
            const struct dp_site_info *site = profile->sites.sites[i];
            const struct dp_site_attribute_info *info = site->attributes[drawn[a]];
            if (info && info->parsed && dp_attribute_in_force(info->state) &&
                info->options.strategy == DP_STRATEGY_FLAME_GRAPH)
                add(requests, site, &info->options, profile);
        }
}

bool dp_flame_request_is_drawn(const struct dp_flame_request *request,
                               const struct dp_profile *profile)
{
    struct dp_look look;
    uint64_t start_ns = dp_profile_realtime(profile, dp_profile_start_ns(profile));

    return dp_look_at(request->path, &look) == 0 && look.type == DP_FILE_REGULAR &&
           (uint64_t)look.changed.tv_sec * 1000000000 + (uint64_t)look.changed.tv_nsec >= start_ns;
}

const char *dp_flame_requests_problem(const struct dp_profile *profile)
{
    uint32_t pictures = profile->has_process ? profile->process.pictures : 0;

    if (pictures & DP_PICTURES_SANDBOX)
        return "the program had entered a sandbox that forbids it to start other programs";
    if (pictures & DP_PICTURES_NO_TOOL)
        return "deep-profile was not found in the PATH, nor where DEEP_PROFILE_TOOL says";
    if (pictures & DP_PICTURES_REFUSED)
        return "the system refused to start deep-profile";
    if (pictures & DP_PICTURES_STARTED && !(pictures & DP_PICTURES_ENDED))
        return "the program ended before it was drawn";
    if (profile->has_process && profile->process.phase == DP_PROCESS_RUNNING)
        return "the program did not end by exit()";
    return NULL;
}

void dp_flame_requests_finish(struct dp_flame_requests *requests)
{
    for (size_t i = 0; i < requests->n; i++)
        free(requests->requests[i].path);
    free(requests->requests);
    *requests = (struct dp_flame_requests){0};
}
