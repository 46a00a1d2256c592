/* DEEP_PROFILE: what is on, what is off, what a rule says, what is refused. */
#include "common/rules.h"

#include <stdio.h>

#include <string.h>

#include "check.h"

static struct dp_rules rules;

static void is_on(const char *text, bool on)
{
    dp_rules_parse(text, &rules);
    CHECK(rules.on == on && !rules.mistaken);
    CHECK(rules.count == 0);
}

static void words(void)
{
    is_on(NULL, false);
    is_on("", false);
    is_on("0", false);
    is_on("off", false);
    is_on("false", false);
    is_on("no", false);
    is_on("1", true);
    is_on("on", true);
    is_on("true", true);
    is_on("yes", true);
    is_on(" 1 ", true);
    for (const struct dp_name *word = dp_rules_words(); word->name; word++)
        is_on(word->name, word->value);
}

static void judge(const char *text, enum dp_rules_meaning meaning)
{
    CHECK(dp_rules_judge(text) == meaning);
    dp_rules_parse(text, &rules);
    CHECK(rules.on == (meaning == DP_RULES_ATTRIBUTES || meaning == DP_RULES_RULES));
    CHECK(rules.mistaken == (meaning == DP_RULES_MISTAKEN));
}

static void one_judgement(void)
{
    judge(NULL, DP_RULES_OFF);
    judge(" ", DP_RULES_OFF);
    judge(" no", DP_RULES_OFF);
    judge("yes ", DP_RULES_ATTRIBUTES);
    judge("YES", DP_RULES_ATTRIBUTES);
    judge("False", DP_RULES_OFF);
    judge("falsely", DP_RULES_MISTAKEN);
    judge("No!", DP_RULES_MISTAKEN);
    judge("yess", DP_RULES_MISTAKEN);
    judge("f;g", DP_RULES_MISTAKEN);
    judge("f:rate=1", DP_RULES_RULES);
    judge("f:rate=2", DP_RULES_RULES);
    judge("no;f:rate=1", DP_RULES_RULES);
}

static void rules_come_one_by_one(void)
{
    struct dp_word rest = {" f:rate=1;; g:rte=1 ;h", 22};
    struct dp_refused_rule refused;
    struct dp_rule rule;
    CHECK(dp_rules_next(&rest, &rule, &refused) && refused.fault == DP_RULE_FINE);
    CHECK(dp_rule_matches(&rule, "f") && rule.has_rate);
    CHECK(dp_rules_next(&rest, &rule, &refused) && refused.fault == DP_RULE_UNKNOWN_ITEM);
    CHECK(dp_word_is(refused.text, "g:rte=1") && dp_word_is(refused.word, "rte"));
    CHECK(dp_rules_next(&rest, &rule, &refused) && refused.fault == DP_RULE_NO_COLON);
    CHECK(!dp_rules_next(&rest, &rule, &refused) && rest.length == 0);
}

static void a_mistake_is_not_a_yes(void)
{
    dp_rules_parse("ture", &rules);
    CHECK(!rules.on && rules.mistaken);
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
    CHECK(!rules.rules[0].has_check_load && !rules.rules[0].check_load);
    dp_rules_parse("f:rate=1,check_load=true;g:check_load=false", &rules);
    CHECK(rules.count == 2 && rules.n_refused == 0);
    CHECK(rules.rules[0].has_check_load && rules.rules[0].check_load);
    CHECK(rules.rules[1].has_check_load && !rules.rules[1].check_load);
}

static void refuse(const char *rule, const char *why)
{
    char all[512], said[256];
    struct dp_text text = {said, sizeof said - 1, 0};

    snprintf(all, sizeof all, "%s;good:rate=1", rule);
    dp_rules_parse(all, &rules);
    CHECK(rules.on && rules.count == 1 && rules.n_refused == 1);
    CHECK(rules.refused[0].text.length == strlen(rule));
    CHECK(memcmp(rules.refused[0].text.text, rule, strlen(rule)) == 0);
    CHECK(dp_rule_matches(&rules.rules[0], "good"));
    dp_rule_explain(&text, &rules.refused[0]);
    CHECK(text.length < text.size);
    said[text.length] = '\0';
    if (strcmp(said, why) != 0)
        fprintf(stderr, "%s: %s\n", rule, said);
    CHECK(strcmp(said, why) == 0);
}

static void bad_rules_are_left_out_and_say_which_word_is_wrong(void)
{
    refuse("f:rate=2", "'2' is not a rate from 0 to 1");
    refuse("f:calls,rate= -1", "'-1' is not a rate from 0 to 1");
    refuse("f:rate", "'rate' needs a value: rate=0.1");
    refuse("f:slow", "'slow' needs a value: slow=10ms");
    refuse("f:check_load", "'check_load' needs a value: check_load=true");
    refuse("f:check_load=maybe", "'maybe' is neither true nor false");
    refuse("f:slow=0", "'0' is not a duration such as 10ms");
    refuse("f:slow=10mz", "'10mz' is not a duration such as 10ms; did you mean 'ms'?");
    refuse("f:slow=10 msec", "'10 msec' is not a duration such as 10ms; did you mean 'ms'?");
    refuse("f:memory=1kb", "'1kb' is not a size such as 64KB; did you mean 'KB'?");
    refuse("f:rte=1", "'rte' is none of rate=, slow=, calls, memory, check_load= and off; "
                      "did you mean 'rate'?");
    refuse("f:callz", "'callz' is none of rate=, slow=, calls, memory, check_load= and off; "
                      "did you mean 'calls'?");
    refuse("f:xyzzy=1", "'xyzzy' is none of rate=, slow=, calls, memory, check_load= and off");
    refuse("f:rate=1,,calls", "'' is none of rate=, slow=, calls, memory, check_load= and off");
    refuse("f:calls=1", "'calls' takes no value");
    refuse("f:off=1", "'off' takes no value");
    refuse(":rate=1", "names no function before the ':'");
    refuse("f:", "asks for nothing behind the ':'");
    refuse("f", "has no ':' between the functions and what is asked for");
}

static void there_may_be_too_many(void)
{
    char all[DP_MAX_RULES * 8 + 64] = "";
    char said[64];
    struct dp_text text = {said, sizeof said, 0};

    for (int i = 0; i < DP_MAX_RULES + DP_MAX_REFUSED + 1; i++)
        strcat(all, "f:off;");
    dp_rules_parse(all, &rules);
    CHECK(rules.count == DP_MAX_RULES && rules.n_refused == DP_MAX_REFUSED);
    dp_rule_explain(&text, &rules.refused[0]);
    CHECK(memcmp(said, "is one too many", 15) == 0);
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
    one_judgement();
    rules_come_one_by_one();
    a_mistake_is_not_a_yes();
    rules_say_what_they_say();
    bad_rules_are_left_out_and_say_which_word_is_wrong();
    there_may_be_too_many();
    patterns();
    return 0;
}
