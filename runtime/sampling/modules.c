/* See modules.h. */
#include "modules.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "mapped.h"
#include "view.h"

#define WANTED 16
/* How often modules are looked for: at most one part in SHARE of the time goes into it. */
#define SHARE    1000
#define CHECK_NS UINT64_C(1000000000) /* at least, while no unknown code is met */
#define AGAIN_NS UINT64_C(100000000)  /* at least, after unknown code that was still unknown */

/* A loaded module. It lies in a mapping of its own; its path and table follow it there. */
struct known {
    struct dp_retired retired;
    struct dp_module module;
    uint64_t fingerprint;
    struct dp_table *table; /* NULL: nothing describes its frames, or no memory */
    bool is_seen, is_new, no_memory;
};

/* State of a running refresh. */
struct work {
    struct dp_mapped mapped;
    struct dp_table_builder *builder;
    uint32_t ranges;
    struct dp_range range[DP_VIEW_MOST];
};

static struct work *work;
static struct known *modules[DP_VIEW_MOST]; /* in ascending order */
static uint32_t count;
static _Atomic uint64_t wanted[WANTED]; /* unknown addresses that walks met; 0: free */
static _Atomic bool is_wanted;
static uint64_t check_ns, again_ns; /* steward only: when the next refresh is due, or allowed */

/* Any thread. Several may write the same entry; an address that is lost will be met again. */
void dp_modules_want(uint64_t address)
{
    uint64_t slot = (address >> 12) % WANTED;
    if (atomic_load_explicit(&wanted[slot], memory_order_relaxed) != address)
        atomic_store_explicit(&wanted[slot], address, memory_order_relaxed);
    atomic_store_explicit(&is_wanted, true, memory_order_relaxed);
}

bool dp_modules_wanted(void)
{
    uint64_t now = dp_os_monotonic_ns();
    return now >= check_ns ||
           (now >= again_ns && atomic_load_explicit(&is_wanted, memory_order_relaxed));
}

/* ---- a new module ---- */

/* The place of the first module at or above `start`. */
static uint32_t place_of(uint64_t start)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (modules[middle]->module.start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct known *find_known(const struct dp_image *image)
{
    uint32_t place = place_of(image->code_start);
    for (; place < count && modules[place]->module.start == image->code_start; place++) {
        struct known *known = modules[place];
        if (known->fingerprint == image->fingerprint && known->module.end == image->code_end &&
            known->module.bias == image->bias)
            return known;
    }
    return NULL;
}

static int64_t prepare_table(const struct dp_image *image)
{
    struct dp_frames frames;
    if (!dp_image_frames(image, &frames))
        return 0;
    if (!work->builder)
        work->builder = dp_table_builder_create();
    if (!work->builder)
        return -1;
    return dp_table_prepare(work->builder, &frames, dp_image_read_memory, NULL);
}

/* A module whose table has no room is kept without it. */
static struct known *make_known(const struct dp_image *image, const char *path, size_t path_bytes)
{
    int64_t table_bytes = prepare_table(image);
    size_t head = sizeof(struct known) + (path_bytes + 8) / 8 * 8;
    bool no_memory = table_bytes < 0;
    struct known *known = NULL;
    if (table_bytes > 0 && !(known = dp_view_map(head + (size_t)table_bytes)))
        no_memory = true;
    if (!known && !(known = dp_view_map(head)))
        return NULL;
    char *copy = (char *)(known + 1);
    memcpy(copy, path, path_bytes);
    known->module = (struct dp_module){.start = image->code_start, .end = image->code_end,
                                       .bias = image->bias, .path = copy,
                                       .build_id_bytes = image->build_id_bytes};
    memcpy(known->module.build_id, image->build_id, sizeof image->build_id);
    known->fingerprint = image->fingerprint;
    known->no_memory = no_memory;
    if (no_memory)
        dp_process_lost(DP_LOSS_UNWIND_TABLES, 1);
    known->is_new = true;
    if (table_bytes > 0 && !no_memory)
        known->table = dp_table_write(work->builder, (char *)known + head);
    return known;
}

static void add_known(struct known *known)
{
    uint32_t place = place_of(known->module.start);
    memmove(&modules[place + 1], &modules[place], (count - place) * sizeof *modules);
    modules[place] = known;
    count++;
}

static void meet(const struct dp_image *image, const char *path, size_t path_bytes)
{
    struct known *known = find_known(image);
    if (!known && count < DP_VIEW_MOST && (known = make_known(image, path, path_bytes)))
        add_known(known);
    if (known)
        known->is_seen = true;
}

/* Executable memory without a file, or of a file that is no ELF image: a range, no module. */
static void take_range(uint64_t start, uint64_t end)
{
    struct dp_range *last = &work->range[work->ranges - 1];
    if (work->ranges && !last->table && last->end == start) {
        last->end = end;
    } else if (work->ranges < DP_VIEW_MOST) {
        work->range[work->ranges++] = (struct dp_range){start, end, NULL, NULL};
    }
}

/* ---- without /proc ---- */

/* Without /proc, a known module is taken to be loaded as long as its first page is the same. */
static void look_again(struct dp_mapped *mapped)
{
    for (uint32_t i = 0; i < count; i++)
        modules[i]->is_seen =
            dp_image_from_loader(modules[i]->module.start, &mapped->image, mapped->path,
                                 sizeof mapped->path) &&
            mapped->image.fingerprint == modules[i]->fingerprint;
}

static void refresh_without_maps(struct dp_mapped *mapped)
{
    look_again(mapped);
    dp_mapped_ask_kernel(mapped);
    dp_mapped_ask_loader(mapped, (uintptr_t)dp_modules_refresh);
    dp_mapped_ask_loader(mapped, (uintptr_t)getauxval); /* libc */
    for (int i = 0; i < WANTED; i++)
        dp_mapped_ask_loader(mapped, atomic_load_explicit(&wanted[i], memory_order_relaxed));
}

/* ---- a refresh ---- */

static bool begin_refresh(void)
{
    if (!work && dp_memory_ceiling_take(sizeof *work) &&
        !(work = dp_os_map_memory(sizeof *work)))
        dp_memory_ceiling_give(sizeof *work);
    if (!work)
        return false;
    work->ranges = 0;
    work->mapped.image_found = meet;
    work->mapped.code_found = take_range;
    for (uint32_t i = 0; i < count; i++)
        modules[i]->is_seen = false;
    return true;
}

static void end_refresh(void)
{
    dp_table_builder_destroy(work->builder);
    work->builder = NULL;
    atomic_store_explicit(&is_wanted, false, memory_order_relaxed);
    for (int i = 0; i < WANTED; i++)
        atomic_store_explicit(&wanted[i], 0, memory_order_relaxed);
}

/* Reports unloaded modules first: a new one may have the same addresses. */
static void tell(void (*changed)(const struct dp_module *, bool gone))
{
    for (uint32_t i = 0; i < count; i++)
        if (!modules[i]->is_seen)
            changed(&modules[i]->module, true);
    for (uint32_t i = 0; i < count; i++)
        if (modules[i]->is_new)
            changed(&modules[i]->module, false);
}

/* Merges the modules' ranges with those of other code; both are in ascending order. */
static void add_ranges(void)
{
    uint32_t others = work->ranges, seen = 0;
    for (uint32_t i = 0; i < count; i++)
        seen += modules[i]->is_seen;
    if (others + seen > DP_VIEW_MOST)
        others = DP_VIEW_MOST - seen;
    uint32_t to = work->ranges = others + seen;
    for (uint32_t i = count; i-- > 0;) {
        struct known *known = modules[i];
        if (!known->is_seen)
            continue;
        while (others > 0 && work->range[others - 1].start > known->module.start)
            work->range[--to] = work->range[--others];
        work->range[--to] = (struct dp_range){known->module.start, known->module.end,
                                              known->table, &known->retired};
    }
}

/* Called after the view without these modules was published. */
static void drop_gone(void)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        modules[i]->is_new = false;
        if (modules[i]->is_seen)
            modules[kept++] = modules[i];
        else
            dp_view_retire(&modules[i]->retired);
    }
    count = kept;
}

/* The time until the next refresh, by the cost of this one. */
static void plan_next(uint64_t start_ns, bool found)
{
    uint64_t now = dp_os_monotonic_ns(), rest = (now - start_ns) * SHARE;
    check_ns = now + (rest > CHECK_NS ? rest : CHECK_NS);
    again_ns = found ? 0 : now + (rest > AGAIN_NS ? rest : AGAIN_NS);
}

void dp_modules_refresh(void (*changed)(const struct dp_module *, bool gone))
{
    uint64_t start_ns = dp_os_monotonic_ns();
    if (!begin_refresh())
        return;
    if (dp_mapped_list(&work->mapped) < 0)
        refresh_without_maps(&work->mapped);
    add_ranges();
    bool same = dp_view_is(work->range, work->ranges);
    if (same || dp_view_publish(work->range, work->ranges)) {
        tell(changed);
        drop_gone();
    }
    dp_view_collect();
    end_refresh();
    plan_next(start_ns, !same);
}

void dp_modules_measure(struct dp_modules_size *size)
{
    *size = (struct dp_modules_size){.modules = count};
    for (uint32_t i = 0; i < count; i++) {
        size->no_memory += modules[i]->no_memory;
        if (!modules[i]->table)
            continue;
        size->tables++;
        size->rows += modules[i]->table->rows;
        size->table_bytes += modules[i]->retired.bytes;
    }
}

void dp_modules_reset(void)
{
    struct work *parents = work;
    work = NULL;
    count = 0;
    check_ns = again_ns = 0;
    dp_view_reset();
    if (parents) {
        dp_os_unmap(parents, sizeof *parents);
        dp_memory_ceiling_give(sizeof *parents);
    }
}
