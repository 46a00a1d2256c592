/*
 * The unwind table that is made of a file, for tests/unit/runtime/table.py, which compares it
 * with what readelf says of the same file.
 *
 *     table_of FILE      lays the file out in memory as the loader does, without running it
 *
 * A line for each row: address (the file's own), "*" where a function begins, CFA, return
 * address, frame pointer, base register, as readelf writes them.
 */
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory_ceiling.h"
#include "check.h"
#include "sampling/image.h"
#include "sampling/processor.h"
#include "sampling/table_build.h"

static const char *register_name(unsigned number)
{
    static const char *const names[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
                                        "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    return number < 16 ? names[number] : "?";
}

static void show_cfa(const struct dp_rule *rule)
{
    if (dp_rule_cfa_form(rule) == DP_CFA_NONE)
        printf(" none");
    else if (dp_rule_cfa_form(rule) == DP_CFA_REGISTER)
        printf(" %s%+d", register_name(DP_PACKED_NUMBER(rule->cfa)), rule->cfa_offset);
    else
        printf(" exp");
}

static void show_saved(const struct dp_rule *rule, enum dp_saved_register which)
{
    unsigned number = DP_PACKED_NUMBER(rule->saved[which]);
    switch (DP_PACKED_KIND(rule->saved[which])) {
    case DP_SAME:
        printf(" s");
        break;
    case DP_UNDEFINED:
        printf(" u");
        break;
    case DP_AT_CFA:
        printf(" c%+d", rule->offset[which]);
        break;
    case DP_AT_REGISTER:
        printf(" exp");
        break;
    case DP_IN_REGISTER:
        printf(" r%u", number);
        break;
    default:
        printf(" v%+d", rule->offset[which]);
    }
}

static void show(const struct dp_table *table, uint64_t bias)
{
    for (uint32_t row = 0, block = 0; row < table->rows; row++) {
        while (table->first_row[block + 1] <= row)
            block++;
        uint64_t address = table->start + ((uint64_t)block << DP_TABLE_BLOCK_BITS) + table->low[row];
        const struct dp_rule *rule = &table->rule[table->row_rule[row] & ~DP_TABLE_FUNCTION];
        CHECK(dp_table_find(table, address) == (table->row_rule[row] & ~DP_TABLE_FUNCTION));
        printf("%lx %s", address - bias, table->row_rule[row] & DP_TABLE_FUNCTION ? "*" : "-");
        show_cfa(rule);
        show_saved(rule, DP_SAVED_RA);
        show_saved(rule, DP_SAVED_FP);
        show_saved(rule, DP_SAVED_BASE);
        printf("\n");
    }
}

/* Copies the segments to where they would lie; the file's first byte is at what is returned. */
static uint8_t *lay_out(const uint8_t *file)
{
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)file;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(file + elf->e_phoff);
    uint64_t low = UINT64_MAX, high = 0;
    for (int i = 0; i < elf->e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD)
            continue;
        low = segments[i].p_vaddr < low ? segments[i].p_vaddr : low;
        high = segments[i].p_vaddr + segments[i].p_memsz;
    }
    uint8_t *memory = mmap(NULL, high - low + 8192, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    for (int i = 0; i < elf->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD)
            memcpy(memory + (segments[i].p_vaddr - low), file + segments[i].p_offset,
                   segments[i].p_filesz);
    return memory;
}

int main(int count, char **arguments)
{
    struct stat status;
    struct dp_image image;
    struct dp_frames frames;
    CHECK(count == 2, "table_of FILE");
    int fd = open(arguments[1], O_RDONLY);
    CHECK(fd >= 0 && fstat(fd, &status) == 0);
    uint8_t *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(file != MAP_FAILED);
    dp_memory_ceiling_init();
    CHECK(dp_image_read((uintptr_t)lay_out(file), &image));
    CHECK(dp_image_frames(&image, &frames));
    struct dp_table_builder *builder = dp_table_builder_create();
    int64_t bytes = dp_table_prepare(builder, &frames, dp_image_read_memory, NULL);
    CHECK(bytes > 0);
    struct dp_table *table = dp_table_write(builder, calloc(1, (size_t)bytes));
    CHECK(table->left_out == 0);
    show(table, image.bias);
}
