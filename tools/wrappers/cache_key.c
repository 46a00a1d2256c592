/*
 * See cache_key.h. ccache in front of us (CC="ccache deep-profile-cc") looks at this program
 * only. It keys an object either by the preprocessed source, or directly by the files that the
 * source included at an earlier time. So the preprocessed source gets two more lines:
 *
 *     # 1 "<deep-profile KEY>"     part of what ccache hashes
 *     # 1 "/proc/self/stat"        never the same for two ccaches: the direct way, where nobody
 *                                  asks us for the key, never finds an object
 *
 * (Before 4.10 any file that is not a regular one served; now ccache refuses the source then.)
 * To a compiler they mean that no line follows from those "files". Called by deep-profile-cc.c.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "cache_key.h"
#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Set by ccache for the compilers that it runs. */
#define RUN_BY_CCACHE "UNCACHED_ERR_FD"

static void add_text(XXH3_state_t *state, const char *text)
{
    XXH3_64bits_update(state, text, strlen(text) + 1);
}

static bool add_contents(XXH3_state_t *state, const char *path)
{
    char block[65536];
    size_t size;
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    while ((size = fread(block, 1, sizeof block, file)) > 0)
        XXH3_64bits_update(state, block, size);
    fclose(file);
    return true;
}

/* A compiler is known by what ccache itself knows one by: size and time. */
static void add_program(XXH3_state_t *state, const char *name)
{
    struct stat status;
    const char *path = dp_find_program(name);
    if (path && stat(path, &status) == 0)
        add_text(state, dp_format("%s %lld %lld.%09ld", path, (long long)status.st_size,
                                  (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec));
}

static const char *digest(const XXH3_state_t *state)
{
    return dp_format("%016llx", (unsigned long long)XXH3_64bits_digest(state));
}

const char *dp_file_key(const char *path)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    return add_contents(&state, path) ? digest(&state) : NULL;
}

/* -P and -dM leave no place for the lines, and ccache does not cache them. */
bool dp_cache_asks(const struct dp_command_line *line)
{
    bool preprocesses = false;
    for (size_t i = 0; i < line->flat.count; i++) {
        const char *word = line->flat.word[i];
        if (strcmp(word, "-P") == 0 || strcmp(word, "-dM") == 0)
            return false;
        preprocesses |= strcmp(word, "-E") == 0 || strcmp(word, "--preprocess") == 0;
    }
    return preprocesses && line->sources > 0 && getenv(RUN_BY_CCACHE);
}

static const char *output_of(const struct dp_command_line *line)
{
    const char *output = NULL;
    for (size_t i = 0; i < line->flat.count; i++) {
        const char *word = line->flat.word[i];
        if (strcmp(word, "-o") == 0 && i + 1 < line->flat.count)
            output = line->flat.word[++i];
        else if (strncmp(word, "-o", 2) == 0 && word[2])
            output = word + 2;
        else
            i += dp_takes_next(word);
    }
    return output && strcmp(output, "-") != 0 ? output : NULL;
}

void dp_cache_answer(const struct dp_command_line *line, const struct dp_words *compiler,
                     const char *plugin)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (size_t i = 0; i < compiler->count; i++) {
        add_text(&state, compiler->word[i]);
        add_program(&state, compiler->word[i]);
    }
    if (plugin)
        add_contents(&state, plugin);
    if (line->filter)
        add_contents(&state, line->filter);
    const char *path = output_of(line);
    FILE *out = path ? fopen(path, "a") : stdout;
    if (!out ||
        fprintf(out, "# 1 \"<deep-profile %s>\"\n# 1 \"/proc/self/stat\"\n", digest(&state)) < 0 ||
        fflush(out) != 0 || (path && fclose(out) != 0))
        dp_die("cannot write '%s': %s", path ? path : "stdout", strerror(errno));
}
