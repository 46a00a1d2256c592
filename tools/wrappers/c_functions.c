/*
 * See c_functions.h. Called by gcc_compile.c.
 *
 * A declaration is read from its first token to the ';' or to the end of the function's body.
 * Its parameters are the first parentheses behind a name, outside of attributes and the like;
 * a '{' behind them begins the body, one behind '=' an initializer, one behind a class's name
 * its members.
 */
#include "c_functions.h"
#include "c_annotations.h"
#include "c_names.h"
#include "c_reader.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is found ---- */

static void keep_annotation(struct reader *reader, const struct declaration *made,
                            const char *text)
{
    if ((reader->n_annotated & (reader->n_annotated - 1)) == 0) {
        size_t room = reader->n_annotated ? 2 * reader->n_annotated : 1;
        reader->annotated = realloc(reader->annotated, room * sizeof *reader->annotated);
        if (!reader->annotated)
            dp_die("out of memory");
    }
    struct annotated *one = &reader->annotated[reader->n_annotated++];
    *one = (struct annotated){.name = dp_c_name_of(reader, made), .text = text,
                              .signature = dp_c_signature_of(reader, made->parameters)};
}

/* A declaration ends before `end`; it is no definition. */
static void finish_declaration(struct reader *reader, const struct declaration *made, size_t end)
{
    for (const struct note *note; (note = dp_c_take_note(reader, made->first, end));) {
        if (made->parameters != NOWHERE && !made->is_typedef) {
            keep_annotation(reader, made, note->text);
            continue;
        }
        dp_error_at(note->file, note->line, "only functions can be profiled");
        reader->wrong = true;
    }
}

static const char *why_not(const struct reader *reader, const struct dp_c_function *function,
                           size_t begin)
{
    const struct dp_tokens *tokens = reader->tokens;
    if (has_word(reader, begin, function->open, "naked") ||
        has_word(reader, begin, function->open, "__naked__"))
        return "is naked: nothing may stand before its own code";
    if (has_word(reader, function->open, function->close, "co_return") ||
        has_word(reader, function->open, function->close, "co_await") ||
        has_word(reader, function->open, function->close, "co_yield"))
        return "is a coroutine, which only the plugin and whole-program mode of clang can profile";
    for (size_t i = 0; i + 2 < tokens->count; i++) /* ifunc("name") */
        if ((is(reader, i, "ifunc") || is(reader, i, "__ifunc__")) && is(reader, i + 1, "(") &&
            strcmp(dp_c_text_of(reader, i + 2, i + 3), function->made.name) == 0)
            return "resolves an ifunc, before the program is linked";
    return NULL;
}

/* Counts calls, too: GCC makes each of them a statement. */
static unsigned count_statements(const struct reader *reader, size_t from, size_t to)
{
    unsigned count = 0;
    for (size_t i = from; i < to; i++)
        count += is(reader, i, ";") || (is(reader, i, "(") && is_a_word(reader, i - 1));
    return count;
}

static struct dp_c_function *new_function(struct reader *reader, const char *name, size_t place)
{
    struct dp_c_source *source = reader->source;
    const struct dp_token *token = &reader->tokens->token[place];
    if ((source->n_functions & (source->n_functions - 1)) == 0) {
        size_t room = source->n_functions ? 2 * source->n_functions : 1;
        source->functions = realloc(source->functions, room * sizeof *source->functions);
        if (!source->functions)
            dp_die("out of memory");
    }
    struct dp_c_function *function = &source->functions[source->n_functions++];
    *function = (struct dp_c_function){
        .made = {.name = name, .file = token->file, .line = token->line},
        .system = token->system};
    return function;
}

/* Adds what earlier declarations of the function are annotated with. */
static void add_kept_annotations(struct reader *reader, struct dp_c_function *function)
{
    for (size_t i = 0; i < reader->n_annotated; i++) {
        const struct annotated *one = &reader->annotated[i];
        if (strcmp(one->name, function->made.name) == 0 &&
            (!reader->source->cxx || strcmp(one->signature, function->signature) == 0))
            reader->wrong |= !dp_annotate(&function->made, one->text);
    }
}

static void read_body(struct reader *reader, const char *function, size_t open);

/* The function's body is [open, close]. */
static void finish_function(struct reader *reader, const struct declaration *made, size_t open,
                            size_t close)
{
    struct dp_c_function *function = new_function(reader, dp_c_name_of(reader, made), made->name);
    size_t body = open;
    if (made->try_at != NOWHERE) {
        const char *name = dp_c_joined(reader, made->name, made->name_end);
        bool special = made->initializers != NOWHERE || is(reader, made->name - 1, "~") ||
                       (reader->class_name && strcmp(reader->class_name, name) == 0);
        if (!special)
            body = made->try_at;
        else
            close = match(reader, open);
    }
    function->open = body;
    function->close = close;
    function->size = count_statements(reader, open, close);
    function->constant = has_word(reader, made->begin, open, "constexpr");
    function->excluded = has_word(reader, made->begin, open, "no_instrument_function") ||
                         has_word(reader, made->begin, open, "always_inline") ||
                         has_word(reader, made->begin, open, "__always_inline__") ||
                         has_word(reader, made->begin, open, "__no_instrument_function__") ||
                         has_word(reader, made->begin, open, "consteval");
    function->why_not = why_not(reader, function, made->begin);
    function->signature = dp_c_signature_of(reader, made->parameters);
    size_t index = (size_t)(function - reader->source->functions);
    for (const struct note *note; (note = dp_c_take_note(reader, made->first, open));)
        reader->wrong |= !dp_annotate(&function->made, note->text);
    add_kept_annotations(reader, function);
    read_body(reader, reader->source->functions[index].made.name, open);
}

/* ---- declarations ---- */

static size_t read_declaration(struct reader *reader, size_t i, size_t end);

static void read_scope(struct reader *reader, const char *name, const char *class_name,
                       size_t open)
{
    const char *scope = reader->scope, *outer = reader->outer, *outer_class = reader->class_name;
    reader->scope = *name ? dp_format("%s%s::", scope, name) : scope;
    reader->outer = class_name ? outer : reader->scope;
    reader->class_name = class_name;
    size_t end = match(reader, open);
    for (size_t i = open + 1; i < end;)
        i = read_declaration(reader, i, end);
    reader->scope = scope;
    reader->outer = outer;
    reader->class_name = outer_class;
}

/* < … >, of a template. */
static size_t skip_angles(const struct reader *reader, size_t i, size_t end)
{
    int depth = 0;
    do {
        depth += is(reader, i, "<") - (is(reader, i, ">") && !is(reader, i - 1, "-"));
        i = match(reader, i) > i ? match(reader, i) + 1 : i + 1;
    } while (i < end && depth > 0);
    return i;
}

/* "operator" and its sign or type, up to the parameters. */
static size_t read_operator(const struct reader *reader, struct declaration *made, size_t i,
                            size_t end)
{
    made->name = i++;
    if (is(reader, i, "(") && is(reader, i + 1, ")"))
        i += 2;
    while (i < end && !is(reader, i, "("))
        i++;
    made->name_end = i;
    made->parameters = i;
    return i < end ? match(reader, i) + 1 : end;
}

/* A declarator in parentheses, (name) or (*name(parameters)). */
static void read_nested(const struct reader *reader, struct declaration *made, size_t open)
{
    size_t close = match(reader, open);
    for (size_t i = open + 1; i < close; i++)
        if (is_a_word(reader, i) && is(reader, i + 1, "(") && !is_any(reader, i, dp_c_not_names)) {
            made->name = i;
            made->name_end = i + 1;
            made->parameters = i + 1;
            return;
        } else if (is(reader, i, "(")) {
            read_nested(reader, made, i);
            return;
        }
    if (close == open + 2 && is_a_word(reader, open + 1) && is(reader, close + 1, "(")) {
        made->name = open + 1;
        made->name_end = open + 2;
        made->parameters = close + 1;
    }
}

static size_t read_parentheses(const struct reader *reader, struct declaration *made, size_t i)
{
    size_t close = match(reader, i), last = i - 1;
    if (made->parameters != NOWHERE || made->assigned ||
        (i > made->begin && is_any(reader, last, dp_c_not_names) && !is(reader, i + 1, "*") &&
         !(is_a_word(reader, i + 1) && is(reader, close + 1, "("))))
        return close + 1;
    if (i > made->begin && is(reader, last, ">")) { /* name<arguments>(…) */
        int depth = 0;
        for (; last > made->begin; last--) {
            depth += is(reader, last, ">") - is(reader, last, "<");
            if (depth == 0)
                break;
        }
        last--;
    }
    if (i > made->begin && is_a_word(reader, last) && !is_any(reader, last, dp_c_not_names) &&
        !is(reader, i + 1, "*") && !(close == i + 2 && is(reader, close + 1, "("))) {
        made->name = last;
        made->name_end = last + 1;
        made->parameters = i;
    } else {
        read_nested(reader, made, i);
    }
    return close + 1;
}

/* ": a(1), b{2} {": the body's '{'. */
static size_t skip_initializers(const struct reader *reader, size_t i, size_t end)
{
    for (i++; i < end; i++) {
        if (is(reader, i, "<"))
            i = skip_angles(reader, i, end);
        if (!is(reader, i, "(") && !is(reader, i, "{"))
            continue;
        i = match(reader, i);
        while (is(reader, i + 1, "."))
            i++; /* of a pack */
        if (!is(reader, i + 1, ","))
            return i + 1;
    }
    return end;
}

static const char *class_of(const struct reader *reader, size_t begin, size_t open)
{
    static const char *const keys[] = {"class", "struct", "union", NULL};
    size_t i = begin, name = NOWHERE;
    while (i < open && !is_any(reader, i, keys))
        i++;
    for (i++; i < open && !is(reader, i, ":") && !is(reader, i, "<"); i++) {
        if (match(reader, i) > i)
            i = match(reader, i);
        else if (is_a_word(reader, i) && !is(reader, i, "final") &&
                 !(is_any(reader, i, dp_c_not_names) && is(reader, i + 1, "(")))
            name = i;
    }
    return name == NOWHERE ? "" : dp_c_joined(reader, name, name + 1);
}

/* Reads the '{' at `i`. Returns the token to read next; *done: the declaration has ended. */
static size_t read_braces(struct reader *reader, struct declaration *made, size_t i, bool *done)
{
    size_t close = match(reader, i);
    if (made->assigned || made->is_enum) {
        return close + 1;
    } else if (made->parameters != NOWHERE) {
        size_t end = close;
        while (made->try_at != NOWHERE && is(reader, end + 1, "catch"))
            end = match(reader, match(reader, end + 2) + 1);
        finish_function(reader, made, i, end);
        *done = true;
        return end + 1;
    } else if (made->is_class) {
        const char *name = class_of(reader, made->begin, i);
        read_scope(reader, reader->source->cxx ? name : "", name, i);
        made->begin = close + 1;
        made->is_class = false;
    }
    return close + 1;
}

static bool is_old_style(const struct reader *reader, const struct declaration *made)
{
    if (reader->source->cxx || made->parameters == NOWHERE)
        return false;
    size_t next = match(reader, made->parameters) + 1;
    return is_a_word(reader, next) &&
           (!is_any(reader, next, dp_c_not_names) || is_any(reader, next, dp_c_type_words));
}

/* "namespace a::b {", 'extern "C" {' at `i`: reads what is in it. 0: it is neither. */
static size_t read_outer_scope(struct reader *reader, size_t i, size_t end)
{
    size_t at = i + is(reader, i, "inline");
    bool named = is(reader, at, "namespace");
    if (!named && !(is(reader, at, "extern") && at + 2 < end &&
                    reader->tokens->token[at + 1].type == DP_TOKEN_STRING &&
                    is(reader, at + 2, "{")))
        return 0;
    size_t open = at;
    while (open < end && !is(reader, open, "{") && !is(reader, open, ";"))
        open = match(reader, open) > open ? match(reader, open) + 1 : open + 1;
    if (open >= end || is(reader, open, ";"))
        return open + 1;
    size_t first = at + 1, last = open;
    while (first < last && match(reader, first) > first)
        first = match(reader, first) + 1; /* [[…]] */
    for (size_t part = first; part < last; part++)
        if (is(reader, part, "__attribute__"))
            last = part;
    const char *name = !named          ? ""
                       : first == last ? "(anonymous namespace)"
                                       : dp_c_joined(reader, first, last);
    read_scope(reader, name, NULL, open);
    return match(reader, open) + 1;
}

/* In C, a member may have a name that is a word of C++: such words count in C++ only. */
static void read_word(const struct reader *reader, struct declaration *made, size_t i)
{
    static const char *const classes[] = {"class", "struct", "union", NULL};
    bool behind = made->parameters != NOWHERE;
    if (!behind && is_any(reader, i, classes) && (reader->source->cxx || !is(reader, i, "class")))
        made->is_class = true;
    made->is_enum |= !behind && is(reader, i, "enum");
    made->is_typedef |= is(reader, i, "typedef") || (reader->source->cxx && is(reader, i, "using"));
    if (reader->source->cxx && behind && is(reader, i, "try"))
        made->try_at = i;
}

/* Skips "public:" and the like, and whatever else stands before a declaration. */
static size_t skip_before(const struct reader *reader, size_t i, size_t end)
{
    static const char *const access[] = {"public", "private", "protected", "signals", "slots",
                                         NULL};
    if (reader->source->cxx && is_any(reader, i, access) && is(reader, i + 1, ":"))
        return i + 2;
    if (reader->source->cxx && is(reader, i, "template") && is(reader, i + 1, "<"))
        return skip_angles(reader, i + 1, end);
    return i;
}

static size_t read_declaration(struct reader *reader, size_t i, size_t end)
{
    size_t next = skip_before(reader, i, end);
    if (next != i)
        return next;
    next = read_outer_scope(reader, i, end);
    if (next)
        return next;
    struct declaration made = {.first = i, .begin = i, .name = NOWHERE, .parameters = NOWHERE,
                               .try_at = NOWHERE, .initializers = NOWHERE};
    bool done = false;
    while (i < end && !done) {
        if (is(reader, i, ";")) {
            if (!is_old_style(reader, &made)) {
                finish_declaration(reader, &made, i);
                return i + 1;
            }
            i++;
        } else if (reader->source->cxx && is(reader, i, "operator") && !made.assigned &&
                   made.parameters == NOWHERE) {
            i = read_operator(reader, &made, i, end);
        } else if (is(reader, i, "(")) {
            i = read_parentheses(reader, &made, i);
        } else if (is(reader, i, "{")) {
            i = read_braces(reader, &made, i, &done);
        } else if (is(reader, i, "[")) {
            i = match(reader, i) + 1;
        } else if (is(reader, i, ":") && is(reader, i + 1, ":")) {
            i += 2;
        } else if (is(reader, i, ":") && reader->source->cxx && made.parameters != NOWHERE &&
                   !made.assigned) {
            made.initializers = i;
            i = skip_initializers(reader, i, end);
        } else {
            made.assigned |= is(reader, i, "=");
            made.assigned |= is(reader, i, ",") && made.parameters != NOWHERE && !made.arrow;
            made.arrow |= is(reader, i, ">") && is(reader, i - 1, "-");
            read_word(reader, &made, i);
            i++;
        }
    }
    return i > made.begin ? i : i + 1;
}

/* ---- bodies ---- */

/* "[…](…) attributes {": its '{'; NOWHERE: the annotation at token `note` is on no lambda. */
static size_t lambda_body(const struct reader *reader, size_t note, size_t end)
{
    size_t at = note; /* to the '__attribute__' */
    while (at > 0 && !is(reader, at, "__attribute__") && !is(reader, at, "__attribute"))
        at--;
    while (at > 0 && is(reader, at - 1, ")") &&
           is(reader, match(reader, at - 1) - 1, "__attribute__"))
        at = match(reader, at - 1) - 1;
    if (at == 0 || !is(reader, at - 1, ")") || !is(reader, match(reader, at - 1) - 1, "]"))
        return NOWHERE;
    while (at < end && !is(reader, at, "{"))
        at = match(reader, at) > at ? match(reader, at) + 1 : at + 1;
    return at < end ? at : NOWHERE;
}

static void read_lambda(struct reader *reader, const char *outer, size_t open)
{
    struct dp_c_function *lambda =
        new_function(reader, dp_format("%s::{lambda}::operator()", outer), open);
    lambda->open = open;
    lambda->close = match(reader, open);
    lambda->signature = "";
    for (const struct note *note; (note = dp_c_take_note(reader, 0, open));)
        reader->wrong |= !dp_annotate(&lambda->made, note->text);
}

static size_t statement_of(const struct reader *reader, size_t i, size_t open)
{
    while (i > open + 1 && !is(reader, i - 1, ";") && !is(reader, i - 1, "{") &&
           !is(reader, i - 1, "}"))
        i--;
    return i;
}

/* "TYPE NAME(…) {" in a body of C begins a nested function: no statement looks like that. */
static bool is_nested_function(const struct reader *reader, size_t brace)
{
    if (!is(reader, brace, "{") || !is(reader, brace - 1, ")"))
        return false;
    size_t name = match(reader, brace - 1) - 1;
    return is_a_word(reader, name) && !is_any(reader, name, dp_c_not_names) &&
           (is_a_word(reader, name - 1) || is(reader, name - 1, "*"));
}

static void read_nested_functions(struct reader *reader, size_t open)
{
    size_t end = match(reader, open);
    for (size_t i = open + 1; i < end && !reader->source->cxx; i++) {
        if (!is_nested_function(reader, i))
            continue;
        i = match(reader, i);
        read_declaration(reader, statement_of(reader, match(reader, i), open), end);
    }
}

/* Reads the functions in a body. In C++ only annotated ones: methods of local classes, lambdas. */
static void read_body(struct reader *reader, const char *function, size_t open)
{
    read_nested_functions(reader, open);
    const char *scope = reader->scope;
    size_t end = match(reader, open);
    while (reader->next_note < reader->n_notes && reader->notes[reader->next_note].token < end) {
        size_t note = reader->notes[reader->next_note].token;
        size_t lambda = lambda_body(reader, note, end);
        if (lambda != NOWHERE) {
            read_lambda(reader, function, lambda);
            continue;
        }
        size_t begin = statement_of(reader, note, open);
        reader->scope = "";
        size_t before = reader->next_note;
        read_declaration(reader, begin, end);
        if (reader->next_note == before)
            finish_declaration(reader, &(struct declaration){.parameters = NOWHERE}, note + 1);
    }
    reader->scope = scope;
}

bool dp_c_read(struct dp_c_source *source, char *text, bool cxx)
{
    struct reader reader = {.source = source, .tokens = &source->tokens, .scope = "", .outer = ""};
    *source = (struct dp_c_source){.cxx = cxx};
    source->unreadable = !dp_tokens_read(&source->tokens, text);
    if (source->unreadable)
        return false;
    dp_c_read_notes(&reader);
    for (size_t i = 0; i < source->tokens.count;)
        i = read_declaration(&reader, i, source->tokens.count);
    finish_declaration(&reader, &(struct declaration){.parameters = NOWHERE},
                       source->tokens.count);
    return !reader.wrong;
}
