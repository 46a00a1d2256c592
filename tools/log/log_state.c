/* See log_state.h. */
#include "log_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "contents.h"
#include "files.h"
#include "processes.h"

#define STATE_FILE "state/process"
#define SILENT_NS  UINT64_C(2000000000) /* the longest tick is 100 ms */

const char *dp_phase_name(enum dp_phase phase)
{
    static const char *const names[] = {"unknown", "running",   "finished",
                                        "killed",  "elsewhere", "not profiled"};
    return names[phase];
}

static void terminate(char *text, size_t size)
{
    text[size - 1] = '\0';
}

int dp_state_read(const struct dp_log *log, struct dp_process_state *process, bool *found,
                  struct dp_problem *problem)
{
    struct dp_contents contents;
    char *path = dp_join(log->path, STATE_FILE);
    int error = dp_contents_read(&contents, path, sizeof *process);
    int status = DP_EXIT_OK;

    *found = false;
    *process = (struct dp_process_state){0};
    if (error < 0 && error != -ENOENT && error != -ENOTDIR) {
        dp_problem_set(problem, "cannot open '%s': %s", path, strerror(-error));
        status = DP_EXIT_DATA;
    }
    if (contents.size >= offsetof(struct dp_process_state, phase)) {
        memcpy(process, contents.bytes, contents.size);
        if (process->magic == DP_STATE_MAGIC &&
            (process->version != DP_STATE_VERSION || process->log_version != DP_LOG_VERSION)) {
            dp_problem_set(problem,
                           "'%s' was written by log version %u (state %u); this deep-profile "
                           "reads version %d (state %d)",
                           log->path, process->log_version, process->version, DP_LOG_VERSION,
                           DP_STATE_VERSION);
            status = DP_EXIT_DATA;
        }
        *found = process->magic == DP_STATE_MAGIC && contents.size >= sizeof *process;
    }
    dp_contents_free(&contents);
    free(path);
    terminate(process->env, sizeof process->env);
    terminate(process->program, sizeof process->program);
    terminate(process->command, sizeof process->command);
    terminate(process->rules, sizeof process->rules);
    return status;
}

static bool is_silent(const struct dp_process_state *process)
{
    uint64_t now_ns = dp_monotonic_ns();

    return now_ns > process->heartbeat_ns && now_ns - process->heartbeat_ns > SILENT_NS;
}

/* exec keeps the pid and the start time, but no mapping: the process continues as
 * another program, and this log has ended. Where the mapped file only may be this
 * log's (DP_MAPPED_ALIKE), its heartbeat must have stopped, too. */
static bool became_another(const struct dp_log *log, const struct dp_process_state *process)
{
    char *path = dp_join(log->path, STATE_FILE);
    enum dp_mapped mapped = dp_process_maps(process->pid, path, "/" STATE_FILE);

    free(path);
    return mapped == DP_MAPPED_NOT || (mapped == DP_MAPPED_ALIKE && is_silent(process));
}

enum dp_phase dp_state_phase(const struct dp_log *log, const struct dp_process_state *process)
{
    if (process->phase == DP_PROCESS_FINISHED)
        return DP_PHASE_FINISHED;
    if (process->phase == DP_PROCESS_FAILED)
        return DP_PHASE_FAILED;
    if (process->end_flags & DP_END_WAITED)
        return DP_PHASE_KILLED;
    if (process->machine != 0 && process->machine != dp_machine_here())
        return DP_PHASE_ELSEWHERE;
    uint64_t ticks = dp_process_start_ticks(process->pid);
    if (ticks != 0 && (process->pid_start_ticks == 0 || ticks == process->pid_start_ticks) &&
        !became_another(log, process))
        return DP_PHASE_RUNNING;
    return DP_PHASE_KILLED;
}

bool dp_state_was_replaced(const struct dp_log *log, const struct dp_process_state *process)
{
    return process->pid_start_ticks != 0 && !(process->end_flags & DP_END_WAITED) &&
           dp_process_start_ticks(process->pid) == process->pid_start_ticks &&
           became_another(log, process);
}

/* ---- lanes ---- */

/* More than the aggregates of all sites take, each in as many histogram blocks as there
 * are. */
#define MOST_LANE_BYTES                                                                            \
    (DP_LANE_ARENA_OFFSET +                                                                        \
     2 * (size_t)DP_MAX_SITES *                                                                    \
         (sizeof(uint32_t) + sizeof(struct dp_site_stats) +                                        \
          sizeof(struct dp_slow_histograms) +                                                      \
          3 * DP_HISTOGRAM_BLOCKS * DP_HISTOGRAM_SUB * sizeof(uint32_t)))

/* Bytes [offset, offset + size) of the file; NULL if they are not all there. */
static const uint8_t *within(const struct dp_contents *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset ? file->bytes + offset : NULL;
}

static uint32_t word_at(const uint8_t *bytes, size_t index)
{
    uint32_t word;
    memcpy(&word, bytes + index * sizeof word, sizeof word);
    return word;
}

struct lane_reader {
    struct dp_contents file;
    uint64_t unread; /* bytes that may still be read; see in_arena() */
    struct dp_lane_state state;
    const char *name;
    const struct dp_lane_visitor *visitor;
    struct dp_damage *damage;
};

/* The same for what is in the arena, where nothing overlaps: the bytes read may not be
 * more than the file has. A forged file whose offsets all point to one place could
 * otherwise stand for any amount of data. */
static const uint8_t *in_arena(struct lane_reader *lane, uint64_t offset, uint64_t size)
{
    if (size > lane->unread)
        return NULL;
    lane->unread -= size;
    return within(&lane->file, offset, size);
}

static void note_cut_histogram(struct lane_reader *lane, uint32_t site, uint64_t bytes)
{
    dp_damage_note(lane->damage, bytes, "state/%s: histogram of site %u is cut off", lane->name,
                   site);
}

static void read_histogram(struct lane_reader *lane, uint32_t site, enum dp_histogram_of of,
                           const uint32_t blocks[DP_HISTOGRAM_BLOCKS])
{
    for (uint32_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++) {
        uint32_t counters[DP_HISTOGRAM_SUB];
        if (blocks[b] == 0)
            continue;
        const uint8_t *bytes = in_arena(lane, blocks[b], sizeof counters);
        if (!bytes) {
            note_cut_histogram(lane, site, sizeof counters);
            continue;
        }
        memcpy(counters, bytes, sizeof counters);
        lane->visitor->block(lane->visitor->context, site, of, b, counters);
    }
}

static void read_slow_histograms(struct lane_reader *lane, uint32_t site, uint32_t offset)
{
    struct dp_slow_histograms slow;
    const uint8_t *bytes = in_arena(lane, offset, sizeof slow);

    if (!bytes) {
        note_cut_histogram(lane, site, sizeof slow);
        return;
    }
    memcpy(&slow, bytes, sizeof slow);
    read_histogram(lane, site, DP_HISTOGRAM_SLOW_LEAST, slow.least);
    read_histogram(lane, site, DP_HISTOGRAM_SLOW_MOST, slow.most);
}

static void read_stats(struct lane_reader *lane, uint32_t site, uint32_t offset)
{
    const struct dp_lane_visitor *visitor = lane->visitor;
    struct dp_site_stats stats;
    const uint8_t *bytes = in_arena(lane, offset, sizeof stats);

    if (bytes)
        memcpy(&stats, bytes, sizeof stats);
    if (!bytes || stats.site != site) {
        dp_damage_note(lane->damage, bytes ? 0 : sizeof stats,
                       "state/%s: aggregates of site %u are %s", lane->name, site,
                       bytes ? "not where they should be" : "cut off");
        return;
    }
    if (visitor->stats)
        visitor->stats(visitor->context, &lane->state, &stats);
    if (!visitor->block)
        return;
    read_histogram(lane, site, DP_HISTOGRAM_SAMPLED, stats.blocks);
    if (stats.slow_histograms)
        read_slow_histograms(lane, site, stats.slow_histograms);
}

static void read_directory(struct lane_reader *lane)
{
    for (uint32_t p = 0; p < DP_MAX_SITES / DP_LANE_SITE_PAGE; p++) {
        uint32_t offset = lane->state.site_pages[p];
        if (offset == 0)
            continue;
        const uint8_t *page = in_arena(lane, offset, DP_LANE_SITE_PAGE * sizeof(uint32_t));
        if (!page) {
            dp_damage_note(lane->damage, DP_LANE_SITE_PAGE * sizeof(uint32_t),
                           "state/%s: the directory of sites is cut off", lane->name);
            continue;
        }
        for (uint32_t i = 0; i < DP_LANE_SITE_PAGE; i++)
            if (word_at(page, i) != 0)
                read_stats(lane, p * DP_LANE_SITE_PAGE + i, word_at(page, i));
    }
}

static void read_counts(const struct lane_reader *lane)
{
    const struct dp_lane_visitor *visitor = lane->visitor;

    for (uint32_t slot = 1; visitor->count && slot < DP_MAX_COUNTED; slot++) {
        uint64_t calls;
        const uint8_t *bytes =
            within(&lane->file, DP_LANE_COUNTS_OFFSET + slot * sizeof calls, sizeof calls);
        if (!bytes) {
            dp_damage_note(lane->damage, (DP_MAX_COUNTED - slot) * sizeof calls,
                           "state/%s: exact counts are cut off", lane->name);
            return;
        }
        memcpy(&calls, bytes, sizeof calls);
        if (calls > 0)
            visitor->count(visitor->context, &lane->state, slot, calls);
    }
}

/* A process may be killed while it makes the file. The magic is written last; before that
 * the file contains nothing worth reading. */
static bool is_unfinished(const struct dp_contents *file)
{
    struct dp_lane_state state;

    if (file->size >= sizeof state.magic)
        memcpy(&state.magic, file->bytes, sizeof state.magic);
    return file->size == 0 || (file->size >= sizeof state && state.magic == 0);
}

/* False: not a lane's state. */
static bool read_lane(struct lane_reader *lane)
{
    if (is_unfinished(&lane->file))
        return false;
    if (lane->file.size < sizeof lane->state) {
        dp_damage_note(lane->damage, sizeof lane->state - lane->file.size, "state/%s: cut off",
                       lane->name);
        return false;
    }
    memcpy(&lane->state, lane->file.bytes, sizeof lane->state);
    if (lane->state.magic != DP_STATE_MAGIC || lane->state.version != DP_STATE_VERSION) {
        dp_damage_note(lane->damage, lane->file.size, "state/%s: %s", lane->name,
                       lane->state.magic == DP_STATE_MAGIC ? "of another version"
                                                           : "not a lane's state");
        return false;
    }
    terminate(lane->state.thread_name, sizeof lane->state.thread_name);
    lane->unread = lane->file.size;
    if (lane->visitor->lane)
        lane->visitor->lane(lane->visitor->context, &lane->state);
    read_directory(lane);
    read_counts(lane);
    return true;
}

static bool read_lane_file(const char *path, const char *name,
                           const struct dp_lane_visitor *visitor, struct dp_damage *damage)
{
    struct lane_reader lane = {.name = name, .visitor = visitor, .damage = damage};
    int error = dp_contents_read(&lane.file, path, MOST_LANE_BYTES);
    bool read = false;

    if (error < 0)
        dp_damage_note(damage, 0, "state/%s: %s", name, strerror(-error));
    else
        read = read_lane(&lane);
    if (lane.file.file_bytes > MOST_LANE_BYTES)
        dp_damage_note(damage, lane.file.file_bytes - lane.file.size,
                       "state/%s: larger than a lane's state can be", name);
    dp_contents_free(&lane.file);
    return read;
}

/* Accepts a lane's file by its number, unless it was already read under another name: its
 * sums would be added twice. */
static bool is_lane(const char *path, const char *name, struct dp_identity *identity)
{
    struct dp_look look;
    unsigned lane;
    int end = 0;

    if (sscanf(name, "lane-%9u%n", &lane, &end) != 1 || name[end] || lane >= DP_MAX_LANES)
        return false;
    bool found = dp_look_inside(path, &look) == 0;
    identity->device = found ? look.device : 0;
    identity->inode = found ? look.inode : UINT64_MAX - identity->index;
    return true;
}

size_t dp_state_lanes(const struct dp_log *log, const struct dp_lane_visitor *visitor,
                      struct dp_damage *damage)
{
    char *directory = dp_join(log->path, "state");
    struct dp_names names;
    size_t lanes = 0, n = 0;

    dp_names_list(&names, directory);
    struct dp_identity *identities = dp_allocate(names.n + 1, sizeof *identities);
    for (size_t i = 0; i < names.n; i++) {
        char *path = dp_join(directory, names.name[i]);
        identities[n].index = i;
        n += is_lane(path, names.name[i], &identities[n]);
        free(path);
    }
    dp_identities_compare(identities, n);
    for (size_t i = 0; i < n; i++) {
        const char *name = names.name[identities[i].index];
        char *path = dp_join(directory, name);
        if (identities[i].again)
            dp_damage_note(damage, 0, "state/%s: the same file as a lane before it", name);
        else
            lanes += read_lane_file(path, name, visitor, damage);
        free(path);
    }
    free(identities);
    dp_names_free(&names);
    free(directory);
    return lanes;
}
