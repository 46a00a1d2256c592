/* See file_names.h. */
#include "file_names.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "debug_file.h"
#include "demangle.h"
#include "dwarf_names.h"
#include "dwarf_object.h"
#include "own_vdso.h"
#include "symbol_table.h"

/* The files that have the names. */
struct sources {
    struct dp_elf *file;  /* NULL: it is gone or was replaced */
    struct dp_elf *debug; /* NULL: there is none besides `file` */
};

/* ---- finding them ---- */

static void hex_of(char *text, size_t size, const uint8_t *id, size_t bytes)
{
    size_t at = 0;

    *text = 0;
    for (size_t i = 0; i < bytes && at + 3 < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%02x", id[i]);
}

static void say_replaced(const struct dp_file_request *request, struct dp_elf *elf,
                         struct dp_problem *problem)
{
    char was[72], is[72];
    const uint8_t *id;
    size_t bytes = dp_elf_build_id(elf, &id);

    hex_of(was, sizeof was, request->build_id, request->build_id_bytes);
    hex_of(is, sizeof is, id, bytes);
    dp_problem_set(problem, "'%s' was replaced since: its build-id was %s and is %s", request->path,
                   was, bytes > 0 ? is : "none");
}

static struct dp_elf *open_file(const struct dp_file_request *request, struct dp_problem *problem)
{
    static const char deleted[] = " (deleted)";
    size_t length = strlen(request->path), suffix = sizeof deleted - 1;
    char *path = dp_copy(request->path);
    size_t size;

    /* The path was replaced, perhaps by the same file: compare the build-ids. */
    if (length > suffix && strcmp(path + length - suffix, deleted) == 0 &&
        request->build_id_bytes > 0)
        path[length - suffix] = 0;
    const void *vdso = strcmp(path, "[vdso]") == 0 ? dp_own_vdso(&size) : NULL;
    struct dp_elf *elf = vdso ? dp_elf_of_memory(vdso, size, problem) : dp_elf_open(path, problem);
    free(path);
    if (elf && request->build_id_bytes > 0 &&
        !dp_debug_same_id(elf, request->build_id, request->build_id_bytes)) {
        say_replaced(request, elf, problem);
        dp_elf_close(elf);
        return NULL;
    }
    return elf;
}

/* Reports a problem only when nothing replaces the missing file. */
static struct sources find_sources(const struct dp_file_request *request,
                                   struct dp_problem *problem)
{
    struct sources sources = {.file = open_file(request, problem)};

    if (!sources.file)
        sources.debug = dp_debug_file_of_id(request->build_id, request->build_id_bytes);
    else if (!dp_dwarf_is_in(sources.file))
        sources.debug = dp_debug_file_open(sources.file);
    if (sources.debug)
        problem->text[0] = 0;
    return sources;
}

/* ---- names ---- */

static void draft_frames(struct dp_answers_draft *draft, const struct dp_dwarf_name *name,
                         const char *symbol)
{
    for (size_t i = 0; i < name->n; i++) {
        const struct dp_dwarf_frame *frame = &name->frames[i];
        bool last = i + 1 == name->n;
        dp_draft_frame(draft,
                       frame->function ? frame->function
                       : last          ? symbol
                                       : NULL,
                       frame->file, frame->line, frame->inlined);
    }
    if (name->n == 0 && symbol)
        dp_draft_frame(draft, symbol, NULL, 0, false);
}

/* Whether the debug information lacks a name for the outermost function. */
static bool wants_symbol(const struct dp_dwarf_name *name)
{
    return name->n == 0 || !name->frames[name->n - 1].function;
}

static void draft_all(const struct sources *sources, const uint64_t *addresses, size_t n,
                      const struct dp_dwarf_name *names, struct dp_answers_draft *draft)
{
    struct dp_symbol_table table = {0};

    if (sources->debug)
        dp_symbol_table_read(&table, sources->debug);
    if (table.n == 0 && sources->file)
        dp_symbol_table_read(&table, sources->file);
    for (size_t i = 0; i < n; i++) {
        const char *found =
            wants_symbol(&names[i]) ? dp_symbol_table_find(&table, addresses[i]) : NULL;
        char *symbol = found ? dp_demangle(found) : NULL;
        if (!symbol && names[i].n == 0 && sources->file &&
            dp_symbol_in_plt(sources->file, addresses[i]))
            symbol = dp_copy("[plt]");
        dp_draft_address(draft, addresses[i]);
        draft_frames(draft, &names[i], symbol);
        free(symbol);
    }
    dp_symbol_table_finish(&table);
}

/* We do not read names that dwz moved to another file, and say so. */
static void look_for_alt(struct dp_elf *elf, struct dp_problem *problem)
{
    const char *alt;
    struct dp_elf *other = dp_debug_alt_open(elf, &alt);

    if (*alt && !problem->text[0])
        dp_problem_set(problem, "'%s' has some of its names in '%s', which is not read",
                       dp_elf_path(elf), alt);
    dp_elf_close(other);
}

void dp_file_names(const struct dp_file_request *request, const uint64_t *addresses, size_t n,
                   struct dp_answers_draft *draft)
{
    struct dp_problem problem = {{0}}, damage = {{0}};
    struct sources sources = find_sources(request, &problem);
    struct dp_elf *best = sources.debug ? sources.debug : sources.file;
    struct dp_dwarf_name *names = dp_allocate(n + 1, sizeof *names);

    if (best && !request->symbols_only && dp_dwarf_names(best, addresses, n, names, &damage)) {
        dp_draft_source(draft, dp_elf_path(best));
        look_for_alt(best, &damage);
    }
    draft_all(&sources, addresses, n, names, draft);
    dp_draft_problem(draft, request->problem ? request->problem
                            : damage.text[0] ? damage.text
                                             : problem.text);
    for (size_t i = 0; i < n; i++)
        free(names[i].frames);
    free(names);
    dp_elf_close(sources.debug);
    dp_elf_close(sources.file);
}
