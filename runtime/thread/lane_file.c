/* See lane_file.h. */
#include "lane_file.h"

#include <errno.h>

#include "base/os.h"
#include "base/settings.h"
#include "common/text.h"
#include "log/directory.h"

#define STATE_NAME 32

size_t dp_lane_file_bytes(void)
{
    size_t page = dp_os_page_bytes();
    size_t bytes = DP_LANE_ARENA_OFFSET + dp_setting_value(DP_SETTING_AGGREGATE_LIMIT);
    return (bytes + page - 1) / page * page;
}

static void state_name(char name[STATE_NAME], uint32_t index)
{
    struct dp_text text = {name, STATE_NAME - 1, 0};
    dp_text_string(&text, "state/lane-");
    dp_text_padded(&text, index, 4);
    name[text.length] = 0;
}

int dp_lane_file_grow(uint32_t lane, uint64_t offset, uint64_t bytes)
{
    char name[STATE_NAME];
    state_name(name, lane);
    int fd = dp_directory_open(name);
    if (fd < 0)
        return fd;
    int error = dp_os_allocate(fd, offset, bytes);
    dp_os_close(fd);
    return error;
}

static int allocate_counts(int fd, uint32_t slot)
{
    uint64_t bytes = (slot + 1) * sizeof(uint64_t);
    int error = dp_os_allocate(fd, DP_LANE_COUNTS_OFFSET, bytes);
    return error ? error : dp_os_allocate(fd, DP_LANE_REPORTED_OFFSET, bytes);
}

static struct dp_lane_state *map_state(struct dp_lane *lane, int fd)
{
    size_t bytes = lane->state_bytes;
    struct dp_lane_state *state = dp_os_map_file(fd, 0, bytes);
    if (state) {
        __atomic_store_n(&lane->mapped, state, __ATOMIC_RELEASE);
        dp_os_expect_sparse(state, bytes);
        dp_os_expect_races(state, DP_LANE_ARENA_OFFSET);
    }
    return state;
}

struct dp_lane_state *dp_lane_file_make(struct dp_lane *lane, uint32_t slots)
{
    char name[STATE_NAME];
    state_name(name, lane->index);
    int fd = dp_directory_create(name);
    if (fd < 0)
        return NULL;
    struct dp_lane_state *state = NULL;
    if (dp_os_truncate(fd, lane->state_bytes) == 0 && dp_os_allocate(fd, 0, sizeof *state) == 0 &&
        allocate_counts(fd, slots) == 0 &&
        dp_os_allocate(fd, DP_LANE_ARENA_OFFSET, DP_LANE_ARENA_STEP) == 0)
        state = map_state(lane, fd);
    dp_os_close(fd);
    if (!state) {
        dp_directory_unlink(name);
        return NULL;
    }
    state->version = DP_STATE_VERSION;
    state->lane = lane->index;
    state->file_bytes = DP_LANE_ARENA_OFFSET + DP_LANE_ARENA_STEP;
    state->arena_used = DP_LANE_ARENA_OFFSET;
    __atomic_store_n(&state->magic, DP_STATE_MAGIC, __ATOMIC_RELEASE);
    return state;
}

/* While the file was not mapped, a cut would not have raised SIGBUS: look now. */
static bool is_whole(int fd, uint32_t index, size_t bytes)
{
    struct dp_lane_state state;
    char last;
    return dp_os_pread(fd, &state, sizeof state, 0) == sizeof state &&
           state.magic == DP_STATE_MAGIC && state.lane == index &&
           dp_os_pread(fd, &last, 1, bytes - 1) == 1;
}

struct dp_lane_state *dp_lane_file_open(struct dp_lane *lane)
{
    char name[STATE_NAME];
    state_name(name, lane->index);
    int fd = dp_directory_open(name);
    struct dp_lane_state *state = NULL;
    lane->spoiled = fd == -ENOENT;
    if (fd < 0)
        return NULL;
    if (is_whole(fd, lane->index, lane->state_bytes))
        state = map_state(lane, fd);
    else
        lane->spoiled = true;
    dp_os_close(fd);
    return state;
}

int dp_lane_file_allow_counts(uint32_t lane, uint32_t slot)
{
    char name[STATE_NAME];
    state_name(name, lane);
    int fd = dp_directory_open(name);
    if (fd < 0)
        return fd;
    int error = allocate_counts(fd, slot);
    dp_os_close(fd);
    return error;
}
