/* See settings.h. */
#include "settings.h"

#include <string.h>

#include "common/levels.h"
#include "common/values.h"
#include "os.h"

enum setting_type { TYPE_text, TYPE_bool, TYPE_duration, TYPE_bytes, TYPE_rate, TYPE_number };

struct setting_row {
    const char *name;
    const char *default_text;
    enum setting_type type;
    uint64_t minimum, maximum;
};

static const struct setting_row rows[DP_SETTING_COUNT] = {
#define DP_SETTING(name, NAME, type, default_text, minimum, maximum, what) \
    {"DEEP_PROFILE_" #NAME, default_text, TYPE_##type, minimum, maximum},
#include "deep_profile/settings.def"
};

struct dp_setting dp_settings[DP_SETTING_COUNT];

/* Returns NULL, or a message about the mistake. */
static const char *parse(const struct setting_row *row, const char *text, uint64_t *value)
{
    size_t length = strlen(text);
    double rate;
    bool flag;
    switch (row->type) {
    case TYPE_text:
        *value = 0;
        return length > row->maximum ? "is too long" : NULL;
    case TYPE_bool:
        if (dp_parse_bool(text, length, &flag) != 0)
            return "is not true or false";
        *value = flag;
        return NULL;
    case TYPE_duration:
        if (dp_parse_duration(text, length, value) != 0)
            return "is not a duration such as 10ms";
        break;
    case TYPE_bytes:
        if (dp_parse_bytes(text, length, value) != 0)
            return "is not a size such as 64MB";
        break;
    case TYPE_rate:
        if (dp_parse_rate(text, length, &rate) != 0)
            return "is not a share between 0 and 1";
        *value = (uint64_t)(rate * 1e9 + 0.5);
        return NULL;
    case TYPE_number:
        if (dp_parse_integer(text, length, value) != 0)
            return "is not a number";
        break;
    }
    bool automatic = *value == 0 && strcmp(row->default_text, "0") == 0;
    if (*value < row->minimum && !automatic)
        return "is too small";
    return *value > row->maximum ? "is too large" : NULL;
}

/* Settings whose text must be one of a few words. */
static const char *check_word(enum dp_setting_id id, const char *text)
{
    static const struct {
        enum dp_setting_id id;
        const char *words[4];
        const char *problem;
    } lists[] = {
        {DP_SETTING_ENV, {"dev", "test", "prod"}, "is not dev, test or prod"},
        {DP_SETTING_CLOCK, {"auto", "tsc", "monotonic"}, "is not auto, tsc or monotonic"},
        {DP_SETTING_WHEN_FULL, {"discard", "keep"}, "is not discard or keep"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (lists[i].id != id)
            continue;
        for (size_t w = 0; w < 4 && lists[i].words[w]; w++) {
            if (strcmp(text, lists[i].words[w]) == 0)
                return NULL;
        }
        return lists[i].problem;
    }
    return NULL;
}

static const char *check_levels(enum dp_setting_id id, const char *text)
{
    uint64_t limits[DP_LEVEL_LIMITS];
    if (id != DP_SETTING_GAUGE_LEVELS || dp_levels_find(text, NULL, limits) == 0)
        return NULL;
    return "is not three growing numbers such as 1,5,20";
}

const char *dp_keep_variable(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = dp_os_map_memory(bytes);
    return copy ? memcpy(copy, text, bytes) : text;
}

void dp_settings_read(void)
{
    for (size_t i = 0; i < DP_SETTING_COUNT; i++) {
        struct dp_setting *setting = &dp_settings[i];
        uint64_t value;
        *setting = (struct dp_setting){
            .name = rows[i].name, .text = rows[i].default_text, .source = DP_SETTING_DEFAULT,
            .problem = ""};
        parse(&rows[i], setting->text, &setting->value);
        const char *given = dp_os_getenv(setting->name);
        if (!given || !*given)
            continue;
        given = dp_keep_variable(given);
        const char *problem = parse(&rows[i], given, &value);
        if (!problem)
            problem = check_word((enum dp_setting_id)i, given);
        if (!problem)
            problem = check_levels((enum dp_setting_id)i, given);
        if (problem) {
            setting->source = DP_SETTING_REFUSED;
            setting->refused = given;
            setting->problem = problem;
        } else {
            setting->source = DP_SETTING_ENVIRONMENT;
            setting->text = given;
            setting->value = value;
        }
    }
}
