/*
 * An option that is an integer: built with the rows of integer_option.def in the table, and
 * no other code for them.
 */
#include "common/options.h"

#include <string.h>

#include "check.h"

static void holds(const char *text, uint64_t depth)
{
    struct dp_options options;
    struct dp_options_error error;
    CHECK(dp_options_parse(DP_ATTRIBUTE_PROFILE, text, &options, &error) == 0);
    CHECK(options.test_depth == depth);
    CHECK((options.given >> DP_OPTION_TEST_DEPTH & 1) == (*text != '\0'));
}

static void is_refused(enum dp_attribute attribute, const char *text, const char *bad,
                       const char *message, const char *suggestion)
{
    struct dp_options options;
    struct dp_options_error error;
    CHECK(dp_options_parse(attribute, text, &options, &error) == -1);
    CHECK_TEXT(error.message, message);
    CHECK(error.length == strlen(bad) && strncmp(text + error.offset, bad, error.length) == 0);
    CHECK_TEXT(error.suggestion, suggestion);
}

#define P DP_ATTRIBUTE_PROFILE
#define R DP_ATTRIBUTE_PRODUCTION

int main(void)
{
    struct dp_options options;
    struct dp_options_error error;

    holds("", 8);
    holds("test_depth=1", 1);
    holds("test_depth = 64", 64);
    holds("test_depth=\"007\"", 7);
    is_refused(P, "test_depth=0", "0", "test_depth '0' is outside 1 to 64", "");
    is_refused(P, "test_depth=65", "65", "test_depth '65' is outside 1 to 64", "");
    is_refused(P, "test_depth=-1", "-1", "test_depth '-1' is outside 1 to 64", "");
    is_refused(P, "test_depth=18446744073709551618", "18446744073709551618",
               "test_depth '18446744073709551618' is outside 1 to 64", "");
    is_refused(P, "test_depth=2.5", "2.5", "test_depth '2.5' is not a whole number from 1 to 64",
               "");
    is_refused(P, "test_depth=8KB", "8KB", "test_depth '8KB' is not a whole number from 1 to 64",
               "");
    is_refused(P, "test_depth=-", "-", "test_depth '-' is not a whole number from 1 to 64", "");
    is_refused(P, "test_depth=1, test_depth=2", "test_depth", "'test_depth' is given twice", "");
    is_refused(R, "test_wide=1", "test_wide",
               "profile_production has no option 'test_wide': expected rate, sample_rate, env, "
               "enabled, emit_metrics, check_load, metadata or test_widest",
               "test_widest");
    is_refused(R, "5", "5", "'5' is not an option: expected key=value", "test_widest=5");

    CHECK(dp_options_parse(R, "", &options, &error) == 0);
    CHECK(options.test_widest == 0 && options.test_depth == 0);
    CHECK(dp_options_parse(R, "test_widest=18446744073709551615", &options, &error) == 0);
    CHECK(options.test_widest == UINT64_MAX);
    is_refused(R, "test_widest=18446744073709551616", "18446744073709551616",
               "test_widest '18446744073709551616' is outside 0 to 18446744073709551615", "");
    return 0;
}
