/* dp_rule_explain() of rules.h. */
#include "rules.h"

#include "spelling.h"

static void quote(struct dp_text *out, struct dp_word word)
{
    dp_text_char(out, '\'');
    dp_text_bytes(out, word.text, word.length < 80 ? word.length : 80);
    dp_text_string(out, word.length < 80 ? "'" : "...'");
}

static void suggest(struct dp_text *out, const char *meant)
{
    if (!meant)
        return;
    dp_text_string(out, "; did you mean '");
    dp_text_string(out, meant);
    dp_text_string(out, "'?");
}

/* Explains a `value` of which only the unit is wrong. */
static void suggest_unit(struct dp_text *out, struct dp_word value, const struct dp_name *units)
{
    uint64_t number;
    struct dp_word unit;
    if (dp_scan_quantity(value, units, 1, &number, &unit) == DP_VALUE_UNKNOWN_UNIT)
        suggest(out, dp_nearest_name(units, unit));
}

void dp_rule_explain(struct dp_text *out, const struct dp_refused_rule *refused)
{
    static const char *const words[] = {
        "",
        "is one too many: 256 is the limit",
        "has no ':' between the functions and what is asked for",
        "names no function before the ':'",
        "has a pattern of more than 255 characters",
        "asks for nothing behind the ':'",
        " is none of rate=, slow=, calls, memory, check_load= and off",
        " needs a value: ",
        " takes no value",
        " is not a rate from 0 to 1",
        " is not a duration such as 10ms",
        " is not a size such as 64KB",
        " is neither true nor false",
    };
    if (refused->fault >= DP_RULE_UNKNOWN_ITEM)
        quote(out, refused->word);
    dp_text_string(out, words[refused->fault]);
    switch (refused->fault) {
    case DP_RULE_UNKNOWN_ITEM:
        suggest(out, dp_nearest_name(dp_rule_items(), refused->word));
        return;
    case DP_RULE_NEEDS_VALUE:
        dp_text_string(out, dp_word_is(refused->word, "rate")   ? "rate=0.1"
                            : dp_word_is(refused->word, "slow") ? "slow=10ms"
                                                                : "check_load=true");
        return;
    case DP_RULE_BAD_DURATION:
        suggest_unit(out, refused->word, dp_duration_units());
        return;
    case DP_RULE_BAD_BYTES:
        suggest_unit(out, refused->word, dp_size_units());
        return;
    default:
        return;
    }
}
