/* DEEP_PROFILE: what is on, what is off, what a rule says, what is refused. */
#include "rules.h"

#include <string.h>

#include "check.h"

static struct dp_rules rules;

static void is_on(const char *text, bool on)
{
    dp_rules_parse(text, &rules);
    CHECK(rules.on == on);
    CHECK(rules.count == 0);
}

static void words(void)
{
    is_on(NULL, false);
    is_on("", false);
    is_on("0", false);
    is_on("off", false);
    is_on("false", false);
    is_on("ture", false); /* a mistake is not a yes */
    is_on("1", true);
    is_on("on", true);
    is_on("true", true);
    is_on(" 1 ", true);
}

static void rules_say_what_they_say(void)
{
    dp_rules_parse("parse_*:rate=0.25; query_?:slow=100ms,calls ;*:memory=2KB;x:off;n::f:rate=1",
                   &rules);
    CHECK(rules.on && rules.count == 5 && rules.n_refused == 0);
    CHECK(rules.rules[0].has_rate && rules.rules[0].rate == 0.25 && !rules.rules[0].has_slow);
    CHECK(rules.rules[1].has_slow && rules.rules[1].slow_ns == 100000000 && rules.rules[1].calls);
    CHECK(rules.rules[2].memory && rules.rules[2].memory_bytes == 2048);
    CHECK(rules.rules[3].off);
    CHECK(dp_rule_matches(&rules.rules[4], "n::f"));
}

static void bad_rules_are_left_out_and_kept_for_the_log(void)
{
    static const char *const bad[] = {"f:rate=2",   "f:rate=-1", "f:rate", "f:slow=0", "f:slow=x",
                                      "f:speed=1",  ":rate=1",   "f:",     "f:calls=1", "f:off=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s;good:rate=1", bad[i]);
        dp_rules_parse(text, &rules);
        CHECK(rules.on && rules.count == 1 && rules.n_refused == 1);
        CHECK(rules.refused[0].length == strlen(bad[i]));
        CHECK(memcmp(rules.refused[0].text, bad[i], strlen(bad[i])) == 0);
        CHECK(dp_rule_matches(&rules.rules[0], "good"));
    }
}

static void match(const char *pattern, const char *name, bool expected)
{
    struct dp_rule rule = {.pattern = {pattern, strlen(pattern)}};
    CHECK(dp_rule_matches(&rule, name) == expected);
}

static void patterns(void)
{
    match("*", "anything", true);
    match("*", "", true);
    match("f", "f", true);
    match("f", "ff", false);
    match("f*", "f", true);
    match("*f", "faf", true);
    match("a*b*c", "aXbbYc", true);
    match("a*b*c", "aXbbY", false);
    match("?", "", false);
    match("a?c", "abc", true);
    match("ab*bX", "abX", false); /* a star does not reach back */
    match("**", "x", true);
    match("f", "f.part.0", true); /* a piece that GCC made of f */
    match("f.part*", "f.part.0", true);
    match("f", "ff.part.0", false);
    match("g", "f.part.g", false);
    match("*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false);
}

int main(void)
{
    words();
    rules_say_what_they_say();
    bad_rules_are_left_out_and_kept_for_the_log();
    patterns();
    return 0;
}
