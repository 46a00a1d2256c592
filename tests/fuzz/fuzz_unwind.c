/*
 * The stack walk on crafted memory: a section .eh_frame and a stack. An input is the length of the
 * section in 64 bytes, the section, and the stack.
 *
 * What must hold: nothing outside of the input is read, every answer of a table is in its range,
 * rows ascend, and every frame but the innermost is in code.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory_ceiling.h"
#include "base/os.h"
#include "sampling/modules.h"
#include "sampling/processor.h"
#include "sampling/table_build.h"
#include "sampling/view.h"
#include "sampling/walk.h"

#define SECTION UINT64_C(0x10000000)
#define CODE (SECTION - (UINT64_C(4) << 20))
#define CODE_END (SECTION + (UINT64_C(4) << 20))
#define STACK UINT64_C(0x7fff00000000)

enum { MOST = 128, LOOKS = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *section, *stack;
    size_t section_bytes, stack_bytes;
};

/* What the real ones take from the system and count. */
bool dp_memory_ceiling_take(uint64_t bytes)
{
    return bytes < UINT64_C(256) << 20;
}

void dp_memory_ceiling_give(uint64_t bytes)
{
    (void)bytes;
}

void *dp_os_map_memory(size_t bytes)
{
    return calloc(1, bytes);
}

void dp_os_unmap(void *address, size_t bytes)
{
    (void)bytes;
    free(address);
}

void dp_modules_want(uint64_t address)
{
    (void)address;
}

static bool part(const uint8_t *from, size_t have, uint64_t at, void *to, size_t bytes)
{
    if (at > have || bytes > have - at)
        return false;
    memcpy(to, from + at, bytes);
    return true;
}

static bool read_input(void *context, uint64_t address, void *to, size_t bytes)
{
    const struct input *input = context;
    if (address >= STACK)
        return part(input->stack, input->stack_bytes, address - STACK, to, bytes);
    return address >= SECTION &&
           part(input->section, input->section_bytes, address - SECTION, to, bytes);
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_table(const struct dp_table *table)
{
    for (uint32_t block = 0; block < table->blocks; block++) {
        must(table->first_row[block] <= table->first_row[block + 1]);
        for (uint32_t row = table->first_row[block] + 1; row < table->first_row[block + 1]; row++)
            must(table->low[row - 1] <= table->low[row]);
    }
    must(table->first_row[table->blocks] == table->rows);
    for (uint32_t row = 0; row < table->rows; row++)
        must((table->row_rule[row] & ~DP_TABLE_FUNCTION) < table->rules);
    for (uint64_t at = table->start - 100; at < table->start + table->bytes + 100;
         at += table->bytes / LOOKS) {
        must(dp_table_find(table, at) < table->rules);
        uint64_t function = dp_table_function(table, at);
        must(function == 0 || (function >= table->start && function <= at));
    }
}

static void walk(struct dp_view *view, struct input *input, uint64_t pc, uint64_t fp)
{
    uint64_t frames[MOST];
    uint32_t flags;
    const struct dp_registers from = {pc, STACK, fp, NULL};
    uint32_t count = dp_walk(&from, read_input, input, frames, MOST, &flags);
    must(count >= 1 && count <= MOST);
    for (uint32_t i = 1; i < count; i++)
        must(dp_view_find(view, frames[i]).is_known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t section_bytes = 64u * data[0] < size - 1 ? 64u * data[0] : size - 1;
    struct input input = {data + 1, data + 1 + section_bytes, section_bytes,
                          size - 1 - section_bytes};
    const struct dp_frames described = {CODE, CODE_END, SECTION, SECTION + section_bytes, 0};
    struct dp_table_builder *builder = dp_table_builder_create();
    int64_t bytes = dp_table_prepare(builder, &described, read_input, &input);
    struct dp_table *table = bytes > 0 ? dp_table_write(builder, calloc(1, (size_t)bytes)) : NULL;
    struct dp_range range = {CODE, CODE_END, table, NULL};
    if (table)
        check_table(table);
    must(dp_view_publish(&range, 1));
    struct dp_view *view = dp_view_enter();
    for (uint64_t i = 0; i < LOOKS; i += 10) {
        uint64_t pc = table ? table->start + table->low[i % table->rows] + i : SECTION + i;
        walk(view, &input, pc, i % 3 ? STACK + i * 8 : DP_REGISTER_UNKNOWN);
    }
    dp_view_leave();
    dp_view_reset();
    dp_table_builder_destroy(builder);
    free(table);
    return 0;
}
