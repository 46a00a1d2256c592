/*
 * deep-profile's GCC plugin: table of contents.
 *
 *     attribute.cc          the attributes, checked where they are written
 *     diagnostic.cc         finds an attribute's bad word in the source
 *     site.cc               the data of each instrumented function
 *     gate_early.cc         the code of an annotated function's gate, in pieces
 *     instrument_early.cc   puts that code around the function
 *     gate_late.cc          the code of a gate in whole-program mode, in pieces
 *     instrument_late.cc    puts that code into all functions without an attribute
 *     gate_parts.cc         what both generators share
 *     resolver.cc           functions that run before the program is linked; they get no gate
 *     filter.cc             the filter file of whole-program mode
 *     mark_cold.cc          moves the slow paths of gate_early.cc out of the hot code
 *
 * What the inserted code talks to is include/deep_profile/abi/gate.h. Loaded by
 * gcc -fplugin=; deep-profile-cc chooses the build that fits the compiler.
 */
#include "gcc-compat.h"

#include "attribute.h"
#include "filter.h"
#include "gate_parts.h"
#include "instrument_early.h"
#include "instrument_late.h"
#include "mark_cold.h"
#include "site.h"

#include "common/spelling.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int plugin_is_GPL_compatible;

static struct plugin_info information = {
    "deep-profile " DP_VERSION,
    "-fplugin-arg-deep_profile-verbose\tname every instrumented function on stderr\n"
    "-fplugin-arg-deep_profile-all\tinstrument every function\n"
    "-fplugin-arg-deep_profile-filter=FILE\tonly those that the file lets through\n"
    "-fplugin-arg-deep_profile-min-size=N\tonly those of N statements or more\n"};

enum argument { ARGUMENT_VERBOSE, ARGUMENT_PLAIN_CALLS, ARGUMENT_ALL, ARGUMENT_FILTER,
                ARGUMENT_FILTER_KEY, ARGUMENT_MIN_SIZE };

/* The arguments, as -fplugin-arg-deep_profile-NAME. */
static const struct dp_name argument_names[] = {
    {"verbose", ARGUMENT_VERBOSE},
    {"plain-calls", ARGUMENT_PLAIN_CALLS}, /* for tests: as on processors without thunks */
    {"all", ARGUMENT_ALL},
    {"filter", ARGUMENT_FILTER},
    {"filter-key", ARGUMENT_FILTER_KEY}, /* changes with the file: for compiler caches */
    {"min-size", ARGUMENT_MIN_SIZE},
    {NULL, 0},
};

static void set_min_size(const char *value)
{
    char *end;
    dp_min_size = (unsigned)strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end)
        fatal_error(UNKNOWN_LOCATION,
                    "deep-profile: plugin argument 'min-size' takes a number of statements, "
                    "but got '%s'",
                    value);
}

static void take_argument(const char *key, const char *value, enum argument argument)
{
    bool takes_value = argument == ARGUMENT_FILTER || argument == ARGUMENT_FILTER_KEY ||
                       argument == ARGUMENT_MIN_SIZE;
    if (value && !takes_value)
        fatal_error(UNKNOWN_LOCATION,
                    "deep-profile: plugin argument '%s' takes no value, but got '%s'", key, value);
    if (takes_value && (!value || !*value))
        fatal_error(UNKNOWN_LOCATION, "deep-profile: plugin argument '%s' needs a value", key);
    if (argument == ARGUMENT_FILTER)
        dp_filter_read(value);
    else if (argument == ARGUMENT_MIN_SIZE)
        set_min_size(value);
    else if (argument != ARGUMENT_FILTER_KEY)
        *(argument == ARGUMENT_VERBOSE ? &dp_verbose
          : argument == ARGUMENT_ALL   ? &dp_all
                                       : &dp_plain_calls) = true;
}

static void read_arguments(const struct plugin_name_args *plugin)
{
    for (int i = 0; i < plugin->argc; i++) {
        const char *key = plugin->argv[i].key;
        struct dp_word word = dp_make_word(key, strlen(key));
        const struct dp_name *name = dp_find_name(argument_names, word);
        const char *meant = name ? NULL : dp_nearest_name(argument_names, word);
        if (meant)
            fatal_error(UNKNOWN_LOCATION,
                        "deep-profile: unknown plugin argument '%s'; did you mean '%s'?", key,
                        meant);
        if (!name)
            fatal_error(UNKNOWN_LOCATION, "deep-profile: unknown plugin argument '%s'", key);
        take_argument(key, plugin->argv[i].value, (enum argument)name->value);
    }
}

/* GCC's internal interfaces hold within one release, whoever configured it. */
static void check_release(const struct plugin_gcc_version *compiler)
{
    if (strcmp(compiler->basever, gcc_version.basever) != 0)
        fatal_error(UNKNOWN_LOCATION,
                    "deep-profile: this plugin is for GCC %s, but this is GCC %s: "
                    "deep-profile-cc chooses the plugin that fits",
                    gcc_version.basever, compiler->basever);
}

static void choose_calls(void *, void *)
{
    dp_plain_calls |= !dp_target_has_thunks();
}

/* make and ninja compile again when the filter file changes: it is in what -MD and -MMD write. */
static void depend_on_filter(void *, void *)
{
    if (dp_filter_path)
        dp_add_dependency(dp_filter_path);
}

EXPORT int plugin_init(struct plugin_name_args *plugin, struct plugin_gcc_version *compiler)
{
    const char *name = plugin->base_name;
    check_release(compiler);
    read_arguments(plugin);
    register_callback(name, PLUGIN_INFO, NULL, &information);
    register_callback(name, PLUGIN_REGISTER_GGC_ROOTS, NULL, (void *)dp_root_table);
    register_callback(name, PLUGIN_START_UNIT, choose_calls, NULL);
    register_callback(name, PLUGIN_START_UNIT, depend_on_filter, NULL);
    register_callback(name, PLUGIN_ATTRIBUTES, dp_register_attributes, NULL);
    dp_register_early_pass(name);
    dp_register_late_pass(name);
    dp_register_cold_pass(name);
    register_callback(name, PLUGIN_ALL_IPA_PASSES_START, dp_check_bodiless, NULL);
    return 0;
}
