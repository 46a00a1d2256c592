/* See describe.h. */
#include "describe.h"

#include <string.h>

#include "base/memory_ceiling.h"
#include "configure.h"
#include "log/process_log.h"

/* Copies a string that must outlive its module. Never freed; NULL if memory is short. */
static const char *keep(const char *string)
{
    static char *block;
    static size_t left;
    size_t bytes = strlen(string) + 1;
    if (bytes > left) {
        size_t size = bytes > 65536 ? bytes : 65536;
        block = dp_memory_ceiling_map_for_good(size);
        left = block ? size : 0;
    }
    if (bytes > left)
        return NULL;
    char *copy = memcpy(block, string, bytes);
    block += bytes;
    left -= bytes;
    return copy;
}

static const char *keep_name(const char *name)
{
    const char *kept = keep(name);
    return kept ? kept : "?";
}

/* Once for each index: names and line are part of the identity and never change. */
static void keep_names(struct dp_site_state *state, const char *module)
{
    const struct dp_site_desc *desc = state->site->desc;
    state->names = (struct dp_site_names){
        .function = keep_name(desc->function),
        .file = keep_name(desc->file),
        .module = keep_name(module),
        .line = desc->line,
    };
}

/* The options of each attribute in the code; NULL: the function does not have the attribute. */
static void read_options(const struct dp_site_desc *desc, const char *options[DP_ATTRIBUTE_COUNT])
{
    memset(options, 0, DP_ATTRIBUTE_COUNT * sizeof *options);
    for (uint32_t i = 0; i < desc->n_attributes; i++) {
        if (desc->attributes[i].attribute < DP_ATTRIBUTE_COUNT)
            options[desc->attributes[i].attribute] = desc->attributes[i].options;
    }
}

/* The steward's sink may read the options at the same time. The stores with release pair with
 * the load with acquire in dp_site_options(): who sees the pointer sees the text. */
static void keep_options(struct dp_site_state *state)
{
    const char *options[DP_ATTRIBUTE_COUNT];
    read_options(state->site->desc, options);
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        const char *kept = options[a] ? keep(options[a]) : NULL;
        __atomic_store_n(&state->options[a], kept, __ATOMIC_RELEASE);
    }
}

bool dp_site_is_unchanged(const struct dp_site_state *state)
{
    const struct dp_site_desc *desc = state->site->desc;
    const char *options[DP_ATTRIBUTE_COUNT];
    read_options(desc, options);
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        if (!options[a] != !state->options[a] ||
            (options[a] && strcmp(options[a], state->options[a]) != 0))
            return false;
    }
    return dp_read_switches(desc) == state->switched_on;
}

void dp_site_log(uint32_t index, const struct dp_site_state *state)
{
    const struct dp_site_desc *desc = state->site->desc;
    /* Does not ask the dynamic linker: in a forked child its lock may never be given back. */
    dp_log_site(index, state->id, desc, state->names.module ? state->names.module : "");
    dp_configure_log(index, state);
}

/* Logs that an attribute is gone, which the site had when its module was loaded before. */
static void log_gone(uint32_t index, uint32_t attribute, const char *options)
{
    const struct dp_word no_rule = {"", 0};
    struct dp_event_site_attribute gone = {
        .site = index, .attribute = attribute, .state = DP_ATTRIBUTE_DISABLED};
    dp_log_site_attribute(&gone, options, no_rule);
}

bool dp_site_describe(uint32_t index, struct dp_site_state *state, const char *module)
{
    const char *before[DP_ATTRIBUTE_COUNT];
    state->switched_on = dp_read_switches(state->site->desc);
    if (!dp_configure(index, state))
        return false;
    memcpy(before, state->options, sizeof before);
    if (!state->names.function)
        keep_names(state, module);
    keep_options(state);
    dp_site_log(index, state);
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        if (before[a] && !state->options[a])
            log_gone(index, a, before[a]);
    }
    return true;
}

bool dp_site_describe_name(uint32_t index, struct dp_site_state *state,
                           const struct dp_site_desc *desc)
{
    const char *kept = keep(desc->function);
    if (!kept)
        return false;
    state->names = (struct dp_site_names){.function = kept, .file = "", .module = ""};
    state->named = desc->flags;
    dp_log_site(index, state->id, desc, "");
    return true;
}
