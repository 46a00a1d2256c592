/*
 * Finds an attribute in the source text, and the line and column of each character of its
 * options. attribute.cc calls it for errors and warnings only, so it may be slow. When it
 * cannot find the text (a macro in another file produces the attribute), it uses the
 * location of the declaration.
 */
#include "diagnostic.h"

/* How far above and below the declared name to search for an attribute. */
static const int LINES_ABOVE = 200;
static const int LINES_BELOW = 50;

static const char *const macro_names[] = {
#define DP_ATTRIBUTE(id, name, macro) macro,
#include "deep_profile/attributes.def"
};

/* Reads the source from a given position on, across lines. */
struct reader {
    const char *file;
    int line;
    size_t column; /* from 0 */

    int peek() const
    {
        size_t length;
        const char *text = dp_source_line(file, line, &length);
        if (!text)
            return EOF;
        return column < length ? (unsigned char)text[column] : '\n';
    }

    int next()
    {
        int c = peek();
        column++;
        if (c == '\n') {
            line++;
            column = 0;
        }
        return c;
    }
};

static bool skip_comment(struct reader *at)
{
    struct reader ahead = *at;
    if (ahead.next() != '/')
        return false;
    int second = ahead.next();
    if (second != '/' && second != '*')
        return false;
    for (int before = 0, c; (c = ahead.next()) != EOF; before = c)
        if (second == '/' ? c == '\n' : before == '*' && c == '/')
            break;
    *at = ahead;
    return true;
}

static void skip_blanks(struct reader *at)
{
    while (at->peek() != EOF && (dp_is_blank((char)at->peek()) || skip_comment(at)))
        if (dp_is_blank((char)at->peek()))
            at->next();
}

/*
 * Compares the text in parentheses at `at` with the options, ignoring blanks, and records
 * the position of each character. In a macro, the options are the raw text; in the
 * attribute itself, the contents of the string literals. With place->text NULL, any options
 * match.
 */
static bool match_options(struct dp_attribute_place *place, struct reader at, bool macro)
{
    const char *wanted = place->text;
    int depth = 0;
    bool quoted = false;
    place->lines.truncate(0);
    place->columns.truncate(0);
    skip_blanks(&at);
    if (at.peek() != '(')
        return !macro && wanted && dp_trim(dp_make_word(wanted, strlen(wanted))).length == 0;
    if (!wanted)
        return true;
    for (;;) {
        if (!quoted && skip_comment(&at))
            continue;
        struct reader here = at;
        int c = at.next();
        if (c == EOF)
            return false;
        bool inside = macro ? depth > 0 : quoted;
        if (c == '\\' && quoted && !macro)
            c = at.next();
        else if (c == '"') {
            quoted = !quoted;
            inside = inside && macro;
        } else if (!quoted && c == '(') {
            inside = inside && depth > 0;
            depth++;
        } else if (!quoted && c == ')' && --depth == 0)
            break;
        if (!inside || dp_is_blank((char)c))
            continue;
        while (dp_is_blank(*wanted))
            wanted++;
        if (*wanted++ != (char)c)
            return false;
        place->lines.safe_push(here.line);
        place->columns.safe_push((int)here.column + 1);
    }
    while (dp_is_blank(*wanted))
        wanted++;
    return *wanted == '\0';
}

/* Is `name` the whole word at text[i]? */
static bool word_at(const char *text, size_t length, size_t i, const char *name)
{
    size_t n = strlen(name);
    return i + n <= length && memcmp(text + i, name, n) == 0 &&
           (i == 0 || !dp_is_word_char(text[i - 1])) &&
           (i + n == length || !dp_is_word_char(text[i + n]));
}

/* The location of a line and column. UNKNOWN_LOCATION if GCC cannot represent it: it gives
 * up columns in very long lines and very long files. */
static location_t location_of(const char *file, int line, int column)
{
    for (unsigned i = LINEMAPS_ORDINARY_USED(line_table); i-- > 0;) {
        const line_map_ordinary *map = LINEMAPS_ORDINARY_MAP_AT(line_table, i);
        if (!ORDINARY_MAP_FILE_NAME(map) || strcmp(ORDINARY_MAP_FILE_NAME(map), file) != 0 ||
            ORDINARY_MAP_STARTING_LINE_NUMBER(map) > (linenum_type)line)
            continue;
        location_t location = linemap_position_for_line_and_column(line_table, map, line, column);
        expanded_location is = expand_location(location);
        if (linemap_lookup(line_table, location) == map && is.line == line && is.column == column)
            return location;
    }
    return UNKNOWN_LOCATION;
}

static location_t range_of(const char *file, int line, int column, int end_line, int end_column)
{
    location_t start = location_of(file, line, column);
    location_t end = location_of(file, end_line, end_column);
    if (start == UNKNOWN_LOCATION || end == UNKNOWN_LOCATION)
        return start;
    return make_location(start, start, end);
}

/* Is the name of the attribute or of its macro at `at`, followed by our options? */
static bool match_at(struct dp_attribute_place *place, struct reader at,
                     enum dp_attribute attribute)
{
    char reserved[48]; /* __profile__ */
    const char *macro = macro_names[attribute], *name = dp_attribute_name(attribute);
    snprintf(reserved, sizeof reserved, "__%s__", name);
    for (const char *word : {macro, name, (const char *)reserved}) {
        size_t length, n = strlen(word);
        const char *text = dp_source_line(place->file, at.line, &length);
        struct reader after = {place->file, at.line, at.column + n};
        if (!text || !word_at(text, length, at.column, word) ||
            !match_options(place, after, word == macro))
            continue;
        place->name =
            range_of(place->file, at.line, (int)at.column + 1, at.line, (int)(at.column + n));
        return place->name != UNKNOWN_LOCATION;
    }
    return false;
}

/* Searches forward from the declared name to the end of the declarator: int f(void)
 * DEEP_PROFILE(); */
static bool search_after(struct dp_attribute_place *place, struct reader at, bool parameter,
                         enum dp_attribute attribute)
{
    int depth = 0, last_line = at.line + LINES_BELOW;
    for (; at.line < last_line; at.next()) {
        while (skip_comment(&at))
            ;
        if (depth <= 0 && match_at(place, at, attribute))
            return true;
        int c = at.peek();
        if (c == '(')
            depth++;
        else if (c == ')')
            depth--;
        /* In `(*name)(…)` the declarator continues after the first closing parenthesis. */
        if (c == EOF || (depth < 0 && parameter) || (depth <= 0 && strchr(";,{}", c)))
            break;
    }
    return false;
}

/* Searches backwards from the declared name: DEEP_PROFILE() int f(void); */
static bool search_before(struct dp_attribute_place *place, struct reader at,
                          enum dp_attribute attribute)
{
    for (int first_line = at.line - LINES_ABOVE; at.line > first_line && at.line > 0; at.line--) {
        size_t length;
        if (!dp_source_line(place->file, at.line, &length))
            return false;
        for (size_t i = at.column < length ? at.column : length; i-- > 0;) {
            struct reader here = {place->file, at.line, i};
            if (match_at(place, here, attribute))
                return true;
        }
        at.column = SIZE_MAX;
    }
    return false;
}

static void find(struct dp_attribute_place *place, location_t from, tree_code code,
                 enum dp_attribute attribute, const char *text)
{
    expanded_location start = expand_location(from);
    place->name = from;
    place->found = false;
    place->file = start.file;
    place->text = text;
    if (!start.file || start.line <= 0 || start.column <= 0)
        return;
    bool named = TREE_CODE_CLASS(code) == tcc_declaration;
    struct reader at = {start.file, start.line, (size_t)start.column - 1};
    if (!named)
        at.column = SIZE_MAX; /* a type: only the line of the parser's position is reliable */
    place->found = (named && search_after(place, at, code == PARM_DECL, attribute)) ||
                   search_before(place, at, attribute);
    if (!place->found)
        place->name = from;
}

void dp_find_attribute(struct dp_attribute_place *place, tree node, enum dp_attribute attribute,
                       const char *text)
{
    location_t from = DECL_P(node) ? DECL_SOURCE_LOCATION(node) : input_location;
    find(place, from, TREE_CODE(node), attribute, text);
}

void dp_find_attribute_of_function(struct dp_attribute_place *place, location_t declared,
                                   enum dp_attribute attribute, const char *text)
{
    find(place, declared, FUNCTION_DECL, attribute, text);
}

/* The number of non-blank characters in text[0, end): an index into lines[] and columns[]. */
static unsigned count_solid(const char *text, size_t end)
{
    unsigned solid = 0;
    for (size_t i = 0; i < end; i++)
        solid += !dp_is_blank(text[i]);
    return solid;
}

location_t dp_place_of(const struct dp_attribute_place *place, size_t offset, size_t length)
{
    unsigned n = place->lines.length();
    unsigned first = count_solid(place->text, offset);
    unsigned last = count_solid(place->text, offset + length);
    if (!place->found || n == 0 || (length == 0 && offset == 0))
        return place->name;
    first = first < n ? first : n - 1;
    last = last > first ? last - 1 : first;
    location_t range = range_of(place->file, place->lines[first], place->columns[first],
                                place->lines[last], place->columns[last]);
    return range == UNKNOWN_LOCATION ? place->name : range;
}

void dp_report(const struct dp_attribute_place *place, const struct dp_options_error *error)
{
    gcc_rich_location where(dp_place_of(place, error->offset, error->length));
    if (!error->suggestion[0]) {
        error_at(&where, "%s", error->message);
        return;
    }
    if (place->found && error->length > 0)
        where.add_fixit_replace(error->suggestion);
    error_at(&where, "%s; did you mean '%s'?", error->message, error->suggestion);
}
