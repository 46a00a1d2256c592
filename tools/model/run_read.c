/* See run_read.h. */
#include "run_read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/files.h"
#include "profile_figures.h"
#include "profile_gather.h"
#include "report_functions.h"
#include "run_file.h"

/* ---- the figures of a profile ---- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Two files of one name, in different folders, have functions of one name. */
static bool is_ambiguous(const struct dp_run_function *a, const struct dp_run_function *b)
{
    return dp_run_function_order(a, b) == 0 && a->site && b->site &&
           strcmp(a->site->file, b->site->file) != 0;
}

static void name_with_folders(struct dp_run_function *function)
{
    const struct dp_site_info *site = function->site;

    if (site) {
        free(function->file);
        function->file = dp_copy(site->file + site->folders);
        function->site = NULL;
    }
}

static int by_name(const void *a, const void *b)
{
    return dp_run_function_order(a, b);
}

static void tell_files_apart(struct dp_run *run)
{
    if (run->n > 0)
        qsort(run->functions, run->n, sizeof *run->functions, by_name);
    for (size_t first = 0, next; first < run->n; first = next) {
        bool ambiguous = false;
        for (next = first + 1;
             next < run->n && by_name(&run->functions[first], &run->functions[next]) == 0; next++)
            ambiguous |= is_ambiguous(&run->functions[first], &run->functions[next]);
        for (size_t i = first; ambiguous && i < next; i++)
            name_with_folders(&run->functions[i]);
    }
}

/* What no sample and no count stands for is not compared. */
static struct dp_estimate comparable(struct dp_estimate estimate)
{
    if (estimate.certainty == DP_AT_LEAST)
        return (struct dp_estimate){NAN, NAN, NAN, DP_UNKNOWN};
    return estimate;
}

struct dp_run_function dp_run_name_of(const struct dp_profile *profile,
                                      const struct dp_site_info *info)
{
    bool own = strcmp(info->module, file_name(dp_profile_program(profile))) == 0;

    return (struct dp_run_function){.module = own ? "" : info->module,
                                    .function = info->function,
                                    .file = (char *)file_name(info->file),
                                    .line = info->line};
}

static void add_function(struct dp_run *run, const struct dp_profile *profile,
                         const struct dp_report_function *row)
{
    const struct dp_totals *totals = profile->totals[row->site];
    const struct dp_site_info *info = row->info;

    if (!info)
        return;
    const struct dp_run_function name = dp_run_name_of(profile, info);
    run->functions = dp_append(run->functions, &run->n, &run->capacity, sizeof *run->functions);
    struct dp_run_function *function = &run->functions[run->n - 1];
    *function = (struct dp_run_function){.module = dp_copy(name.module),
                                         .function = dp_copy(name.function),
                                         .file = dp_copy(name.file),
                                         .line = name.line,
                                         .estimated = dp_totals_by_chance(totals),
                                         .calls = row->calls,
                                         .site = info};
    function->figures[DP_RUN_TOTAL] = comparable(row->total_ns);
    function->pooled.watched_ns = totals->watched_ns;
    function->pooled.watched_error_ns = totals->watched_error_ns;
    dp_run_pool(&function->pooled, totals);
}

/* What the program measures by itself is each time timed. */
static void add_operation(struct dp_run *run, const struct dp_named *named)
{
    const struct dp_site_stats *sum = named->totals ? &named->totals->sum : NULL;

    if (!(named->flags & DP_SITE_OPERATION) || !sum || sum->sampled == 0)
        return;
    run->functions = dp_append(run->functions, &run->n, &run->capacity, sizeof *run->functions);
    struct dp_run_function *function = &run->functions[run->n - 1];
    *function = (struct dp_run_function){.module = dp_copy(""),
                                         .function = dp_copy(named->name),
                                         .file = dp_copy(DP_RUN_OPERATION),
                                         .calls = dp_exactly((double)sum->sampled)};
    function->figures[DP_RUN_TOTAL] = dp_exactly((double)sum->total_ns);
    dp_run_pool(&function->pooled, named->totals);
}

void dp_run_of_profile(struct dp_run *run, const struct dp_profile *profile)
{
    struct dp_report_functions functions;
    uint64_t wall_ns = dp_profile_wall_ns(profile);

    *run = (struct dp_run){.name = dp_copy(profile->log.path),
                           .program = dp_copy(file_name(dp_profile_program(profile))),
                           .processes = 1,
                           .whole = profile->phase == DP_PHASE_FINISHED,
                           .wall_ns = dp_exactly((double)wall_ns),
                           .cpu_ns = {NAN, NAN, NAN, DP_UNKNOWN}};
    if (profile->has_overhead && profile->overhead.process_cpu_ns > 0)
        run->cpu_ns = dp_exactly((double)profile->overhead.process_cpu_ns);
    dp_report_functions_make(&functions, profile, 0, wall_ns, 0);
    for (size_t i = 0; i < functions.all.n; i++)
        add_function(run, profile, functions.all.rows[i]);
    dp_report_functions_finish(&functions);
    for (size_t i = 0; i < profile->sites.named.n; i++)
        add_operation(run, &profile->sites.named.named[i]);
    tell_files_apart(run);
    for (size_t i = 0; i < run->n; i++)
        run->functions[i].site = NULL;
    dp_run_settle(run);
}

/* A value of `least` calls and more, as far as its bounds are known or every call is. */
static struct dp_estimate percentile(const struct dp_run_function *function,
                                     const struct dp_latency *latency, enum dp_percentile which,
                                     double least)
{
    struct dp_estimate figure = latency->percentile[which];
    double sampled = (double)function->pooled.sum.sampled;
    bool watched = latency->of == DP_LATENCY_OF_WATCHED && figure.certainty == DP_ESTIMATED;

    if (watched && function->calls.value >= least)
        return figure;
    bool every = latency->of == DP_LATENCY_OF_EVERY;
    if (figure.certainty == DP_UNKNOWN || sampled < least ||
        (!every && sampled < DP_RUN_LEAST_SAMPLES))
        return (struct dp_estimate){NAN, NAN, NAN, DP_UNKNOWN};
    return figure;
}

void dp_run_complete(struct dp_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        struct dp_run_function *function = &run->functions[i];
        struct dp_latency latency;
        dp_latency_make(&latency, &function->pooled, &dp_default_categories);
        function->figures[DP_RUN_P50] = percentile(function, &latency, DP_P50, 1);
        function->figures[DP_RUN_P99] =
            percentile(function, &latency, DP_P99, DP_RUN_LEAST_FOR_P99);
        dp_totals_finish(&function->pooled);
    }
}

/* ---- logs ---- */

/* A process of a folder. */
struct part {
    struct dp_run run;
    uint32_t pid;
    uint32_t parent_pid; /* 0: not known */
    uint64_t start_ns, end_ns;
    size_t parent; /* its place in the folder; its own: it was started from outside */
};

int dp_run_gather(struct dp_profile *profile, const char *path)
{
    struct dp_problem problem;
    int status = dp_profile_gather(profile, path, DP_PROFILE_STATE, 0, &problem);

    if (status == DP_EXIT_OK && !profile->has_lanes)
        dp_profile_finish(profile);
    if (status != DP_EXIT_OK || !profile->has_lanes)
        status = dp_profile_gather(profile, path, DP_PROFILE_STATE | DP_PROFILE_STREAMS, 0,
                                   &problem);
    if (status != DP_EXIT_OK)
        dp_error("%s", problem.text);
    return status;
}

static int read_part(struct part *part, const char *path)
{
    struct dp_profile profile;
    int status = dp_run_gather(&profile, path);

    if (status != DP_EXIT_OK)
        return status;
    dp_run_of_profile(&part->run, &profile);
    part->pid = dp_profile_pid(&profile);
    part->parent_pid = profile.has_process ? profile.process.parent_pid : 0;
    part->start_ns = dp_profile_realtime(&profile, dp_profile_start_ns(&profile));
    part->end_ns = part->start_ns + dp_profile_wall_ns(&profile);
    dp_profile_finish(&profile);
    return DP_EXIT_OK;
}

/* Process ids are used again: a parent was there when its child began. */
static void find_parents(struct part *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (j != i && parts[i].parent_pid != 0 && parts[j].pid == parts[i].parent_pid &&
                parts[j].start_ns <= parts[i].start_ns && parts[i].start_ns <= parts[j].end_ns)
                parts[i].parent = j;
}

static size_t first_of(const struct part *parts, size_t i, size_t n)
{
    for (size_t steps = 0; steps < n && parts[i].parent != i; steps++)
        i = parts[i].parent;
    return i;
}

/* The functions of `part` become the run's. */
static void join(struct dp_run *run, struct dp_run *part)
{
    for (size_t i = 0; i < part->n; i++) {
        run->functions =
            dp_append(run->functions, &run->n, &run->capacity, sizeof *run->functions);
        run->functions[run->n - 1] = part->functions[i];
    }
    part->n = 0;
    run->processes += part->processes;
    run->whole &= part->whole;
    run->cpu_ns = dp_estimate_sum(run->cpu_ns, part->cpu_ns);
    dp_run_finish(part);
    dp_run_settle(run);
}

static void keep_run(struct dp_runs *runs, struct dp_run *run)
{
    if (run->n == 0) { /* no call was recorded */
        dp_run_finish(run);
        return;
    }
    dp_run_complete(run);
    runs->runs = dp_append(runs->runs, &runs->n, &runs->capacity, sizeof *runs->runs);
    runs->runs[runs->n - 1] = *run;
}

static int read_logs(struct dp_runs *runs, const struct dp_paths *logs)
{
    struct part *parts = dp_allocate(logs->n + 1, sizeof *parts);
    size_t before = runs->n, n = 0;
    int status = DP_EXIT_OK;

    for (; n < logs->n && status == DP_EXIT_OK; n++) {
        parts[n].parent = n;
        status = read_part(&parts[n], logs->path[n]);
    }
    find_parents(parts, n);
    for (size_t i = 0; i < n; i++)
        if (first_of(parts, i, n) != i)
            join(&parts[first_of(parts, i, n)].run, &parts[i].run);
    for (size_t i = 0; i < n; i++)
        if (first_of(parts, i, n) == i)
            keep_run(runs, &parts[i].run);
    free(parts);
    if (status == DP_EXIT_OK && runs->n == before) {
        dp_error("no call was recorded in '%s'", logs->path[0]);
        status = DP_EXIT_DATA;
    }
    return status;
}

int dp_runs_read(struct dp_runs *runs, const char *path)
{
    struct dp_look look;
    struct dp_paths logs;

    if (dp_look_at(path, &look) == 0 && look.type == DP_FILE_REGULAR)
        return dp_run_file_read(runs, path);
    int status = dp_logs_find(path, &logs);
    if (status == DP_EXIT_OK)
        status = read_logs(runs, &logs);
    dp_paths_free(&logs);
    return status;
}
