/* See dwarf_names.h. */
#include "dwarf_names.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dwarf_die.h"
#include "dwarf_lines.h"
#include "dwarf_object.h"
#include "dwarf_ranges.h"
#include "libdwarf_names.h"

/* Deeper nesting of functions means that the file is damaged. */
#define MOST_LEVELS 256

/* A function that contains an address. */
struct step {
    uint64_t entry; /* its offset in the debug information */
    uint64_t call_file, call_line;
    bool inlined;
};

/* What is known about an address. */
struct target {
    bool found;         /* it lies in a unit */
    unsigned level;     /* of the innermost entry that contains it; 0: none */
    struct step *steps; /* outermost first */
    size_t n, capacity;
};

struct search {
    Dwarf_Debug debug;
    Dwarf_Debug tied; /* a second handle for .dwo files: libdwarf walks its units, too */
    struct dp_elf *elf;
    const uint64_t *addresses;
    size_t n, left;
    struct target *targets;
    struct dp_dwarf_name *names;
    struct dp_problem *problem;
};

/* A unit that has some of the addresses. */
struct unit {
    struct search *search;
    Dwarf_Debug debug; /* the unit with its functions: in the file itself or in a .dwo file */
    unsigned version;
    uint64_t base;
    bool has_classes; /* the addresses of these may lie in its functions */
};

/* Some of the addresses of the search: their indices, in ascending order. */
struct members {
    const struct search *search;
    uint32_t *of;
    size_t n, capacity;
    const struct members *among; /* NULL: all */
    unsigned level;              /* takes those that have no deeper entry yet */
};

static void add_member(struct members *members, uint32_t index)
{
    members->of = dp_append(members->of, &members->n, &members->capacity, sizeof *members->of);
    members->of[members->n - 1] = index;
}

/* A dp_dwarf_range for an entry: takes the members that lie in it and in no other entry of the
 * same level. */
static void take_range(void *context, uint64_t low, uint64_t high)
{
    struct members *members = context;
    const struct search *search = members->search;

    for (size_t i = 0; i < members->among->n; i++) {
        uint32_t index = members->among->of[i];
        struct target *target = &search->targets[index];
        if (search->addresses[index] >= low && search->addresses[index] < high &&
            target->level < members->level) {
            target->level = members->level;
            add_member(members, index);
        }
    }
}

/* ---- the functions of a unit ---- */

static void walk(struct unit *unit, Dwarf_Die parent, const struct members *members,
                 unsigned level);

static void add_step(struct unit *unit, Dwarf_Die die, const struct members *members, bool inlined)
{
    struct step step = {.inlined = inlined};
    Dwarf_Error error = NULL;
    Dwarf_Off offset;

    if (dwarf_dieoffset(die, &offset, &error) != DW_DLV_OK)
        return;
    step.entry = offset;
    if (inlined) {
        dp_die_number(unit->debug, die, DW_AT_call_file, &step.call_file);
        dp_die_number(unit->debug, die, DW_AT_call_line, &step.call_line);
    }
    for (size_t i = 0; i < members->n; i++) {
        struct target *target = &unit->search->targets[members->of[i]];
        target->steps =
            dp_append(target->steps, &target->n, &target->capacity, sizeof *target->steps);
        target->steps[target->n - 1] = step;
    }
}

static void enter(struct unit *unit, Dwarf_Die die, Dwarf_Half tag, const struct members *members,
                  unsigned level)
{
    struct members inside = {.search = unit->search, .among = members, .level = level};
    bool function = tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
    bool some = dp_dwarf_ranges(unit->debug, die, unit->version, unit->base, take_range, &inside);

    if (inside.n > 0 && function)
        add_step(unit, die, &inside, tag == DW_TAG_inlined_subroutine);
    if (inside.n > 0)
        walk(unit, die, &inside, level + 1);
    else if (!some && !function)
        walk(unit, die, members, level + 1); /* a block without addresses */
    free(inside.of);
}

static void look_at(struct unit *unit, Dwarf_Die die, const struct members *members, unsigned level)
{
    Dwarf_Error error = NULL;
    Dwarf_Half tag;

    if (dwarf_tag(die, &tag, &error) != DW_DLV_OK)
        return;
    switch (tag) {
    case DW_TAG_subprogram:
    case DW_TAG_inlined_subroutine:
    case DW_TAG_lexical_block:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
        enter(unit, die, tag, members, level);
        return;
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
        if (unit->has_classes)
            walk(unit, die, members, level + 1);
        return;
    case DW_TAG_namespace:
    case DW_TAG_module:
        walk(unit, die, members, level + 1);
        return;
    }
}

/* Visits the entries in `parent` that contain some of the members. */
static void walk(struct unit *unit, Dwarf_Die parent, const struct members *members, unsigned level)
{
    Dwarf_Die die, next;
    Dwarf_Error error = NULL;
    int status = level < MOST_LEVELS ? dwarf_child(parent, &die, &error) : DW_DLV_NO_ENTRY;

    while (status == DW_DLV_OK) {
        look_at(unit, die, members, level);
        status = dwarf_siblingof_b(unit->debug, die, true, &next, &error);
        dwarf_dealloc(unit->debug, die, DW_DLA_DIE);
        die = next;
    }
    if (status == DW_DLV_ERROR)
        dp_dwarf_failed(unit->debug, error, dp_elf_path(unit->search->elf), unit->search->problem);
}

/* ---- the names of a unit's addresses ---- */

static void add_frame(struct dp_dwarf_name *name, const char *function,
                      const struct dp_dwarf_line *at, bool inlined)
{
    name->frames = dp_append(name->frames, &name->n, &name->capacity, sizeof *name->frames);
    name->frames[name->n - 1] = (struct dp_dwarf_frame){function, at->file, at->line, inlined};
}

/* Frames, innermost first. The entry of an inlined function says where it was called. */
static void name_target(struct unit *unit, const struct target *target,
                        const struct dp_dwarf_files *files, struct dp_dwarf_line at,
                        struct dp_dwarf_name *name)
{
    for (size_t i = target->n; i-- > 0;) {
        const struct step *step = &target->steps[i];
        add_frame(name, dp_die_function(unit->debug, step->entry, unit->has_classes), &at,
                  step->inlined && i > 0);
        at.file = dp_dwarf_file(files, step->call_file);
        at.line = step->call_line <= UINT32_MAX ? (uint32_t)step->call_line : 0;
    }
    if (target->n == 0 && at.file)
        add_frame(name, NULL, &at, false);
}

static void name_members(struct unit *unit, Dwarf_Die skeleton, Dwarf_Die die,
                         const struct members *members)
{
    struct search *search = unit->search;
    struct dp_dwarf_line *lines = dp_allocate(members->n, sizeof *lines);
    struct dp_dwarf_files files;

    dp_dwarf_lines(skeleton, search->addresses, members->of, members->n, lines);
    /* A split unit has no table of files: its file numbers are those of its skeleton. */
    dp_dwarf_files_read(&files, die, unit->version);
    if (files.n == 0)
        dp_dwarf_files_read(&files, skeleton, unit->version);
    for (size_t i = 0; i < members->n; i++)
        name_target(unit, &search->targets[members->of[i]], &files, lines[i],
                    &search->names[members->of[i]]);
    free(lines);
}

/* ---- split units ---- */

static const char *name_of_dwo(Dwarf_Debug debug, Dwarf_Die die)
{
    const char *name = dp_die_text(debug, die, DW_AT_dwo_name);

    return name ? name : dp_die_text(debug, die, DW_AT_GNU_dwo_name);
}

/* The unit of a .dwo file that belongs to a skeleton; NULL: it cannot be read. */
static Dwarf_Die open_dwo(struct unit *unit, Dwarf_Die skeleton, const char *name)
{
    struct search *search = unit->search;
    const char *folder = dp_die_text(search->debug, skeleton, DW_AT_comp_dir);
    char path[PATH_MAX];
    struct dp_problem problem;
    Dwarf_Error error = NULL;
    Dwarf_Unsigned header[4];
    Dwarf_Half half[5];
    Dwarf_Sig8 signature;
    Dwarf_Die die = NULL;

    snprintf(path, sizeof path, "%s%s%s", *name != '/' && folder ? folder : "",
             *name != '/' && folder ? "/" : "", name);
    struct dp_elf *elf = dp_elf_open(path, &problem);
    Dwarf_Debug debug = elf ? dp_dwarf_open(elf, &problem) : NULL;
    if (!search->tied)
        search->tied = dp_dwarf_open(search->elf, &problem);
    if (debug && dwarf_set_tied_dbg(debug, search->tied, &error) == DW_DLV_OK &&
        dwarf_next_cu_header_d(debug, true, &header[0], &half[0], &header[1], &half[1], &half[2],
                               &half[3], &signature, &header[2], &header[3], &half[4],
                               &error) == DW_DLV_OK &&
        dwarf_siblingof_b(debug, NULL, true, &die, &error) == DW_DLV_OK) {
        unit->debug = debug;
        return die;
    }
    dp_problem_set(search->problem, "'%s' has its functions in '%s', which cannot be read",
                   dp_elf_path(search->elf), path);
    return NULL;
}

/* ---- all units ---- */

static bool is_c(Dwarf_Debug debug, Dwarf_Die die)
{
    uint64_t language = 0;

    dp_die_number(debug, die, DW_AT_language, &language);
    return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 ||
           language == DW_LANG_C11;
}

static void read_unit(struct search *search, Dwarf_Die die, unsigned version,
                      const struct members *members)
{
    struct unit unit = {.search = search,
                        .debug = search->debug,
                        .version = version,
                        .base = dp_dwarf_low(die),
                        .has_classes = !is_c(search->debug, die)};
    const char *dwo = name_of_dwo(search->debug, die);
    Dwarf_Die whole = dwo ? open_dwo(&unit, die, dwo) : die;

    if (whole)
        walk(&unit, whole, members, 1);
    name_members(&unit, die, whole ? whole : die, members);
}

/* A dp_dwarf_range for a unit: takes the addresses in it that no earlier unit has. */
static void take_of_all(void *context, uint64_t low, uint64_t high)
{
    struct members *members = context;
    const struct search *search = members->search;
    size_t from = 0, to = search->n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (search->addresses[middle] < low)
            from = middle + 1;
        else
            to = middle;
    }
    for (size_t i = from; i < search->n && search->addresses[i] < high; i++) {
        if (search->targets[i].found)
            continue;
        search->targets[i].found = true;
        add_member(members, (uint32_t)i);
    }
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void look_at_unit(struct search *search, unsigned version)
{
    struct members members = {.search = search};
    Dwarf_Die die;
    Dwarf_Error error = NULL;

    if (dwarf_siblingof_b(search->debug, NULL, true, &die, &error) != DW_DLV_OK)
        return;
    dp_dwarf_ranges(search->debug, die, version, dp_dwarf_low(die), take_of_all, &members);
    if (members.n > 0) {
        qsort(members.of, members.n, sizeof *members.of, ascending);
        read_unit(search, die, version, &members);
        search->left -= members.n;
    }
    free(members.of);
    dwarf_dealloc(search->debug, die, DW_DLA_DIE);
}

static void look_at_units(struct search *search)
{
    Dwarf_Unsigned length, abbreviations, type, next;
    Dwarf_Half version, address_bytes, length_bytes, extension_bytes, unit_type;
    Dwarf_Sig8 signature;
    Dwarf_Error error = NULL;
    int status;

    while (search->left > 0 && (status = dwarf_next_cu_header_d(
                                    search->debug, true, &length, &version, &abbreviations,
                                    &address_bytes, &length_bytes, &extension_bytes, &signature,
                                    &type, &next, &unit_type, &error)) != DW_DLV_NO_ENTRY) {
        if (status == DW_DLV_ERROR) {
            dp_dwarf_failed(search->debug, error, dp_elf_path(search->elf), search->problem);
            return;
        }
        look_at_unit(search, version);
    }
}

bool dp_dwarf_names(struct dp_elf *elf, const uint64_t *addresses, size_t n,
                    struct dp_dwarf_name *names, struct dp_problem *problem)
{
    struct search search = {.debug = dp_dwarf_open(elf, problem),
                            .elf = elf,
                            .addresses = addresses,
                            .n = n,
                            .left = n,
                            .names = names,
                            .problem = problem};

    if (!search.debug)
        return false;
    search.targets = dp_allocate(n + 1, sizeof *search.targets);
    look_at_units(&search);
    for (size_t i = 0; i < n; i++)
        free(search.targets[i].steps);
    free(search.targets);
    return true;
}
