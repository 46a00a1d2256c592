/* A bad setting falls back to its default and says why; a good one holds. */
#include "base/settings.h"

#include <string.h>

#include "check.h"

static const struct dp_setting *read_one(enum dp_setting_id id, const char *value)
{
    dp_settings_read(); /* for the name */
    const char *name = dp_settings[id].name;
    setenv(name, value, 1);
    dp_settings_read();
    unsetenv(name);
    return &dp_settings[id];
}

static void holds(enum dp_setting_id id, const char *text, uint64_t value)
{
    const struct dp_setting *setting = read_one(id, text);
    CHECK(setting->source == 1 && setting->value == value);
    CHECK(*setting->problem == 0);
}

static void is_refused(enum dp_setting_id id, const char *text, const char *problem)
{
    dp_settings_read();
    struct dp_setting before = dp_settings[id];
    CHECK(before.source == 0);
    const struct dp_setting *setting = read_one(id, text);
    CHECK(setting->source == 2);
    CHECK(setting->value == before.value && strcmp(setting->text, before.text) == 0);
    CHECK(strcmp(setting->problem, problem) == 0);
}

int main(void)
{
    holds(DP_SETTING_TICK, "2ms", 2000000);
    holds(DP_SETTING_SIZE_LIMIT, "64MB", 64 << 20);
    holds(DP_SETTING_CPU_LIMIT, "0.5", 500000000);
    holds(DP_SETTING_CHECK_LOAD, "false", 0);
    holds(DP_SETTING_SEED, "42", 42);
    holds(DP_SETTING_SEED, "9223372036854775807", INT64_MAX);
    holds(DP_SETTING_ENV, "prod", 0);
    is_refused(DP_SETTING_TICK, "fast", "is not a duration such as 10ms");
    is_refused(DP_SETTING_TICK, "1us", "is too small");
    is_refused(DP_SETTING_TICK, "1min", "is too large");
    is_refused(DP_SETTING_SIZE_LIMIT, "12", "is too small");
    is_refused(DP_SETTING_OWN_MEMORY, "1B", "is too small");
    is_refused(DP_SETTING_SIZE_LIMIT, "-1MB", "is not a size such as 64MB");
    is_refused(DP_SETTING_CPU_LIMIT, "80", "is not a share between 0 and 1");
    is_refused(DP_SETTING_CHECK_LOAD, "maybe", "is not true or false");
    is_refused(DP_SETTING_SEED, "12x", "is not a number");
    is_refused(DP_SETTING_SEED, "-1", "is not a number");
    is_refused(DP_SETTING_SEED, "9223372036854775808", "is too large");
    is_refused(DP_SETTING_SEED, "99999999999999999999", "is not a number");
    is_refused(DP_SETTING_ENV, "pord", "is not dev, test or prod");
    is_refused(DP_SETTING_CLOCK, "sundial", "is not auto, tsc or monotonic");
    is_refused(DP_SETTING_WHEN_FULL, "burst", "is not discard or keep");
    return 0;
}
