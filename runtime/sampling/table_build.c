/* See table_build.h. */
#include "table_build.h"

#include <errno.h>
#include <string.h>

#include "base/memory_ceiling.h"
#include "base/os.h"
#include "cfi.h"

/* A shorter gap between two functions is padding, which is never executed: it gets no row. */
#define PADDING 64
#define HASH_SLOTS (2 * DP_TABLE_MOST_RULES)
#define FIRST_CAPACITY (UINT64_C(128) << 10)

/* An array that grows by being mapped again, twice as large. */
struct growing {
    void *at;
    size_t capacity, used; /* bytes */
};

struct row {
    uint32_t offset; /* from the start of the code */
    uint32_t rule;
};

struct function {
    uint32_t start, end; /* offsets */
    uint32_t first_row, rows;
};

struct dp_table_builder {
    uint64_t start, end; /* of the code */
    struct growing rows, functions;
    uint32_t rules, left_out;
    uint32_t final_rows; /* sizes of the finished table */
    bool no_memory;
    struct dp_rule rule[DP_TABLE_MOST_RULES];
    uint16_t number_of[HASH_SLOTS]; /* open addressing; 0: empty */
    struct dp_cfi cfi;
};

static void *take_memory(size_t bytes)
{
    if (!dp_memory_ceiling_take(bytes))
        return NULL;
    void *memory = dp_os_map_memory(bytes);
    if (!memory)
        dp_memory_ceiling_give(bytes);
    return memory;
}

static void give_memory(void *memory, size_t bytes)
{
    if (!memory)
        return;
    dp_os_unmap(memory, bytes);
    dp_memory_ceiling_give(bytes);
}

/* Room for `bytes` more; NULL: no memory. */
static void *grow(struct growing *growing, size_t bytes)
{
    if (growing->capacity - growing->used < bytes) {
        size_t capacity = growing->capacity ? 2 * growing->capacity : FIRST_CAPACITY;
        void *larger = take_memory(capacity);
        if (!larger)
            return NULL;
        if (growing->used)
            memcpy(larger, growing->at, growing->used);
        give_memory(growing->at, growing->capacity);
        growing->at = larger;
        growing->capacity = capacity;
    }
    void *room = (char *)growing->at + growing->used;
    growing->used += bytes;
    return room;
}

struct dp_table_builder *dp_table_builder_create(void)
{
    return take_memory(sizeof(struct dp_table_builder));
}

void dp_table_builder_destroy(struct dp_table_builder *builder)
{
    if (!builder)
        return;
    give_memory(builder->rows.at, builder->rows.capacity);
    give_memory(builder->functions.at, builder->functions.capacity);
    give_memory(builder, sizeof *builder);
}

/* ---- called for what the section describes ---- */

static struct function *last_function(const struct dp_table_builder *builder)
{
    char *end = (char *)builder->functions.at + builder->functions.used;
    return (struct function *)(end - sizeof(struct function));
}

static uint32_t rows_so_far(const struct dp_table_builder *builder)
{
    return (uint32_t)(builder->rows.used / sizeof(struct row));
}

static bool begin_function(void *context, uint64_t start, uint64_t end)
{
    struct dp_table_builder *builder = context;
    if (builder->no_memory || start < builder->start || end > builder->end)
        return false;
    struct function *function = grow(&builder->functions, sizeof *function);
    builder->no_memory = !function;
    if (!function)
        return false;
    *function = (struct function){(uint32_t)(start - builder->start),
                                  (uint32_t)(end - builder->start), rows_so_far(builder), 0};
    return true;
}

static uint32_t hash_of(const struct dp_rule *rule)
{
    uint32_t words[sizeof *rule / sizeof(uint32_t)];
    uint64_t mixed = 0;
    memcpy(words, rule, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        mixed = (mixed ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 40) % HASH_SLOTS;
}

/* The number of a rule; 0 also when there are too many rules. */
static uint32_t number_of(struct dp_table_builder *builder, const struct dp_rule *rule)
{
    if (dp_rule_cfa_form(rule) == DP_CFA_NONE)
        return 0;
    uint32_t slot = hash_of(rule);
    for (; builder->number_of[slot]; slot = (slot + 1) % HASH_SLOTS)
        if (memcmp(&builder->rule[builder->number_of[slot]], rule, sizeof *rule) == 0)
            return builder->number_of[slot];
    if (builder->rules == DP_TABLE_MOST_RULES) {
        builder->left_out++;
        return 0;
    }
    builder->rule[builder->rules] = *rule;
    builder->number_of[slot] = (uint16_t)builder->rules;
    return builder->rules++;
}

static void take_row(void *context, uint64_t pc, const struct dp_rule *rule)
{
    struct dp_table_builder *builder = context;
    struct function *function = last_function(builder);
    uint32_t number = number_of(builder, rule);
    if (function->rows) {
        const struct row *rows = builder->rows.at;
        if (rows[rows_so_far(builder) - 1].rule == number)
            return;
    }
    struct row *row = grow(&builder->rows, sizeof *row);
    builder->no_memory |= !row;
    if (!row)
        return;
    *row = (struct row){(uint32_t)(pc - builder->start), number};
    function->rows++;
}

static void end_function(void *context)
{
    (void)context;
}

/* ---- sorting: in place, without recursion ---- */

static void sink_down(struct function *heap, size_t count, size_t at)
{
    struct function moved = heap[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && heap[child + 1].start > heap[child].start;
        if (heap[child].start <= moved.start)
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

static void sort(struct function *functions, size_t count)
{
    size_t sorted = 1;
    while (sorted < count && functions[sorted - 1].start <= functions[sorted].start)
        sorted++;
    if (sorted >= count)
        return;
    for (size_t i = count / 2; i-- > 0;)
        sink_down(functions, count, i);
    for (size_t left = count; left-- > 1;) {
        struct function last = functions[left];
        functions[left] = functions[0];
        functions[0] = last;
        sink_down(functions, left, 0);
    }
}

/* ---- the table ---- */

/* Writes rows one after the other; without a table it only counts them. */
struct writer {
    struct dp_table *table;
    uint32_t *first_row;
    uint16_t *low, *row_rule;
    uint32_t rows, blocks_begun, last_rule;
};

static void write_row(struct writer *writer, uint32_t offset, uint32_t rule, bool begins)
{
    if (!begins && writer->rows && rule == writer->last_rule)
        return;
    writer->last_rule = rule;
    if (writer->table) {
        while (writer->blocks_begun <= offset >> DP_TABLE_BLOCK_BITS)
            writer->first_row[writer->blocks_begun++] = writer->rows;
        writer->low[writer->rows] = (uint16_t)offset;
        writer->row_rule[writer->rows] = (uint16_t)(rule | (begins ? DP_TABLE_FUNCTION : 0));
    }
    writer->rows++;
}

static void write_function(struct writer *writer, const struct dp_table_builder *builder,
                           const struct function *function, uint32_t next_start)
{
    const struct row *rows = builder->rows.at, *row = rows ? rows + function->first_row : NULL;
    for (uint32_t i = 0; i < function->rows && row[i].offset < next_start; i++)
        write_row(writer, row[i].offset, row[i].rule, i == 0);
    if (next_start > function->end && next_start - function->end >= PADDING)
        write_row(writer, function->end, 0, false);
}

/* When two functions begin at the same address, the later one counts. */
static void write_functions(struct writer *writer, const struct dp_table_builder *builder)
{
    const struct function *functions = builder->functions.at;
    size_t count = builder->functions.used / sizeof *functions;
    for (size_t i = 0; i < count; i++) {
        uint32_t next_start = i + 1 < count ? functions[i + 1].start : UINT32_MAX;
        if (functions[i].start < next_start)
            write_function(writer, builder, &functions[i], next_start);
    }
}

static uint32_t blocks_of(const struct dp_table_builder *builder)
{
    return (uint32_t)((builder->end - builder->start - 1) >> DP_TABLE_BLOCK_BITS) + 1;
}

static size_t aligned(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

int64_t dp_table_prepare(struct dp_table_builder *builder, const struct dp_frames *frames,
                         dp_walk_read *read, void *context)
{
    const struct dp_cfi_sink sink = {begin_function, take_row, end_function, builder};
    struct dp_cfi *cfi = &builder->cfi;
    if (frames->code_end <= frames->code_start ||
        frames->code_end - frames->code_start >= UINT32_MAX)
        return 0;
    builder->start = frames->code_start;
    builder->end = frames->code_end;
    builder->rows.used = builder->functions.used = 0;
    builder->rules = 1;
    builder->left_out = 0;
    builder->no_memory = false;
    memset(builder->number_of, 0, sizeof builder->number_of);
    memset(cfi, 0, sizeof *cfi);
    cfi->processor = &dp_processor;
    cfi->read = read;
    cfi->read_context = context;
    cfi->start = frames->section;
    cfi->end = frames->section_end;
    cfi->most = frames->functions;
    dp_cfi_read(cfi, &sink);
    builder->left_out += cfi->left_out;
    if (builder->no_memory)
        return -ENOMEM;
    sort(builder->functions.at, builder->functions.used / sizeof(struct function));
    struct writer counting = {0};
    write_functions(&counting, builder);
    builder->final_rows = counting.rows;
    if (counting.rows == 0)
        return 0;
    return (int64_t)(aligned(sizeof(struct dp_table)) + builder->rules * sizeof(struct dp_rule) +
                     (blocks_of(builder) + 1) * sizeof(uint32_t) +
                     2 * counting.rows * sizeof(uint16_t));
}

struct dp_table *dp_table_write(const struct dp_table_builder *builder, void *memory)
{
    struct dp_table *table = memory;
    struct dp_rule *rules = (struct dp_rule *)((char *)memory + aligned(sizeof *table));
    uint32_t *first_row = (uint32_t *)(rules + builder->rules);
    uint16_t *low = (uint16_t *)(first_row + blocks_of(builder) + 1);
    struct writer writer = {.table = table, .first_row = first_row, .low = low,
                            .row_rule = low + builder->final_rows};
    memcpy(rules, builder->rule, builder->rules * sizeof *rules);
    write_functions(&writer, builder);
    while (writer.blocks_begun <= blocks_of(builder))
        first_row[writer.blocks_begun++] = writer.rows;
    *table = (struct dp_table){builder->start, builder->end - builder->start, writer.rows,
                               blocks_of(builder), builder->rules, builder->left_out,
                               first_row, low, writer.row_rule, rules};
    return table;
}
