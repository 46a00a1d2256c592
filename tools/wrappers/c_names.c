/* See c_names.h. */
#include "c_names.h"
#include "words.h"

const char *const dp_c_not_names[] = {
    "__attribute__", "__attribute",  "alignas",   "_Alignas",     "decltype", "__decltype",
    "typeof",        "__typeof__",   "__typeof",  "noexcept",     "throw",    "explicit",
    "asm",           "__asm__",      "__asm",     "requires",     "__declspec", "static_assert",
    "_Static_assert", "_Atomic",     "typeof_unqual", "sizeof",   "alignof",  "_BitInt",
    "__extension__", "int",          "char",      "void",         "long",     "short",
    "unsigned",      "signed",       "float",     "double",       "const",    "volatile",
    "return",        "if",           "while",     "for",          "switch",   "bool",
    "_Bool",         "auto",         "__const",   "__restrict",   "restrict", "catch", NULL};

const char *const dp_c_type_words[] = {
    "int",   "char",   "long",     "short",   "unsigned", "signed", "float", "double", "bool",
    "void",  "const",  "volatile", "auto",    "wchar_t",  "_Bool",  NULL};
static const char *const before_a_type[] = {"const", "volatile", "struct", "class", "enum",
                                            "union", "typename", ":", "__restrict", NULL};

/* The token before `::` that `i` is behind; NOWHERE: there is none. */
static size_t before_colons(const struct reader *reader, size_t i, size_t begin)
{
    if (i < begin + 3 || !is(reader, i - 1, ":") || !is(reader, i - 2, ":"))
        return NOWHERE;
    size_t at = i - 3;
    for (int depth = 0; is(reader, at, ">") || depth > 0; at--) {
        depth += is(reader, at, ">") - is(reader, at, "<");
        if (at <= begin)
            return NOWHERE;
        if (depth == 0 && is(reader, at, "<")) {
            at--;
            break;
        }
    }
    return is_a_word(reader, at) ? at : NOWHERE;
}

const char *dp_c_joined(const struct reader *reader, size_t from, size_t to)
{
    const char *text = "";
    for (size_t i = from; i < to; i++) {
        const struct dp_token *token = &reader->tokens->token[i];
        bool apart = i > from && is_a_word(reader, i) && is_a_word(reader, i - 1);
        text = dp_format("%s%s%.*s", text, apart ? " " : "", (int)token->length, token->at);
    }
    return text;
}

const char *dp_c_name_of(const struct reader *reader, const struct declaration *made)
{
    const char *name = dp_c_joined(reader, made->name, made->name_end);
    size_t at = made->name;
    if (at > made->begin && is(reader, at - 1, "~")) {
        name = dp_format("~%s", name);
        at--;
    }
    for (size_t left; (left = before_colons(reader, at, made->begin)) != NOWHERE; at = left)
        name = dp_format("%s::%s", dp_c_joined(reader, left, left + 1), name);
    bool is_friend = has_word(reader, made->begin, made->name, "friend");
    return dp_format("%s%s", is_friend ? reader->outer : reader->scope, name);
}

/* One parameter's type: without its name and its default. */
static const char *type_of(const struct reader *reader, size_t from, size_t to)
{
    size_t end = from;
    while (end < to && !is(reader, end, "="))
        end = match(reader, end) > end ? match(reader, end) + 1 : end + 1;
    size_t last = end - 1;
    if (end > from + 1 && is_a_word(reader, last) && !is_any(reader, last, dp_c_type_words) &&
        !is_any(reader, last - 1, before_a_type))
        end = last;
    return dp_c_joined(reader, from, end);
}

const char *dp_c_signature_of(const struct reader *reader, size_t open)
{
    size_t close = match(reader, open), from = open + 1;
    const char *signature = "";
    int angles = 0;
    for (size_t i = from; i <= close; i++) {
        if (i < close && match(reader, i) > i) {
            i = match(reader, i);
            continue;
        }
        angles += is(reader, i, "<") - is(reader, i, ">");
        if (i < close && (!is(reader, i, ",") || angles > 0))
            continue;
        bool nothing = i == from || (i == from + 1 && is(reader, from, "void"));
        if (!nothing)
            signature = dp_format("%s%s,", signature, type_of(reader, from, i));
        from = i + 1;
    }
    return is(reader, close + 1, "const") ? dp_format("%sconst", signature) : signature;
}
