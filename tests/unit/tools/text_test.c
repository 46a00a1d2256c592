/* What people read: cleaned strings, units, tables. */
#include "check.h"

#include <stdint.h>

#include "base/clean.h"
#include "render/fold.h"
#include "render/table.h"
#include "base/units.h"

static void nothing_that_a_terminal_obeys_gets_through(void)
{
    char buffer[64], small[8];

    CHECK_TEXT(dp_clean("plain caf\xc3\xa9 \xe2\x82\xac", buffer, sizeof buffer),
               "plain caf\xc3\xa9 \xe2\x82\xac");
    CHECK_TEXT(dp_clean("a\033[31mb\n\t\x7f", buffer, sizeof buffer), "a\\x1b[31mb\\x0a\\x09\\x7f");
    /* A C1 control in UTF-8, a lone continuation, an overlong '/', a surrogate. */
    CHECK_TEXT(dp_clean("\xc2\x9b|\x80|\xc0\xaf|\xed\xa0\x80", buffer, sizeof buffer),
               "\\xc2\\x9b|\\x80|\\xc0\\xaf|\\xed\\xa0\\x80");
    /* Turned around, hidden, broken: text that looks like another. */
    CHECK_TEXT(
        dp_clean("a\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\x8b|\xe2\x80\xa8", buffer, sizeof buffer),
        "a\\xe2\\x80\\xae|\\xe2\\x81\\xa6|\\xe2\\x80\\x8b|\\xe2\\x80\\xa8");
    CHECK_TEXT(dp_clean("\xf3\xa0\x81\x81\xef\xbb\xbf", buffer, sizeof buffer),
               "\\xf3\\xa0\\x81\\x81\\xef\\xbb\\xbf");
    /* On a terminal without UTF-8 these bytes may be anything. */
    dp_clean_to_ascii = true;
    CHECK_TEXT(dp_clean("\xc3\x9b", buffer, sizeof buffer), "\\xc3\\x9b");
    dp_clean_to_ascii = false;
    CHECK_TEXT(dp_clean("123456789", small, sizeof small), "1234567");
    CHECK_TEXT(dp_clean("12345\xe2\x82\xac", small, sizeof small), "12345");
    for (int c = 1; c < 256; c++) {
        const char one[] = {(char)c, '\0'};
        for (const char *s = dp_clean(one, buffer, sizeof buffer); *s; s++)
            CHECK((unsigned char)*s >= ' ' && (unsigned char)*s < 127);
    }
}

static void strings_are_cut_at_whole_characters(void)
{
    char text[] = "a\xc3\xa9"
                  "bcdef";

    CHECK(dp_text_columns(text) == 7);
    dp_text_cut(text, 4, 1);
    CHECK_TEXT(text, "a\xc3\xa9"
                     "b\xe2\x80\xa6");
    char long_by_one[] = "luaL_checktype";
    dp_text_cut(long_by_one, 13, 1);
    CHECK_TEXT(long_by_one, "luaL_checkt\xe2\x80\xa6"); /* "~" marks estimates */
    dp_text_cut(text, 2, 0);
    CHECK_TEXT(text, "a~");
    dp_text_cut(text, 9, 0);
    CHECK_TEXT(text, "a~");
}

static void units_have_three_digits(void)
{
    char b[DP_UNIT_TEXT];

    CHECK_TEXT(dp_unit_ns(b, 0, false), "0 ns");
    CHECK_TEXT(dp_unit_ns(b, 999, false), "999 ns");
    CHECK_TEXT(dp_unit_ns(b, 999.6, false), "1.00 us");
    CHECK_TEXT(dp_unit_ns(b, 1240000, true), "1.24 ms");
    CHECK_TEXT(dp_unit_ns(b, 1500, true), "1.50 \xc2\xb5s");
    CHECK_TEXT(dp_unit_ns(b, 99.96e3, false), "100 us");
    CHECK_TEXT(dp_unit_ns(b, 999.6e6, false), "1.00 s");
    CHECK_TEXT(dp_unit_ns(b, 59.9e9, false), "59.9 s");
    CHECK_TEXT(dp_unit_ns(b, 600e9, false), "10.0 min");
    CHECK_TEXT(dp_unit_ns(b, 7200e9, false), "2.00 h");
    CHECK_TEXT(dp_unit_count(b, 99999), "99999");
    CHECK_TEXT(dp_unit_count(b, 100000), "100 k");
    CHECK_TEXT(dp_unit_count(b, 3100000), "3.10 M");
    CHECK_TEXT(dp_unit_bytes(b, 0), "0 B");
    CHECK_TEXT(dp_unit_bytes(b, -1536), "-1.50 KB");
    CHECK_TEXT(dp_unit_bytes(b, 1024.0 * 1024 * 10), "10.0 MB");
    CHECK_TEXT(dp_unit_percent(b, 0.931), "93.1 %");
    CHECK_TEXT(dp_unit_percent(b, 0.00002), "0.002 %");
    CHECK_TEXT(dp_unit_percent(b, 0.0 / 0.0), "-");
    CHECK_TEXT(dp_unit_rate(b, 1000000000), "1");
    CHECK_TEXT(dp_unit_rate(b, 10000000), "0.01");
    CHECK_TEXT(dp_unit_rate(b, 0), "0");
    CHECK_TEXT(dp_unit_time(b, UINT64_C(1760000000123456789), true),
               "2025-10-09 08:53:20.123456789");
    CHECK_TEXT(dp_unit_time(b, UINT64_C(1760000000123456789), false), "2025-10-09 08:53:20");
}

static const struct dp_column columns[] = {
    {"name", true, 0}, {"n", false, 0}, {"less", false, 2}, {"least", false, 3}, {"last", true, 0}};

static char *printed(size_t width)
{
    struct dp_table table;
    char *text = NULL;
    size_t size = 0;
    struct dp_style style = {.out = open_memstream(&text, &size), .width = width};

    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    const char *cells[] = {"a",   "1",  "xx", "yyy", "short",
                           "bcd", "22", "x",  "",    "quite a long one"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        dp_table_cell(&table, cells[i]);
    dp_table_print(&table, &style);
    dp_table_finish(&table);
    fclose(style.out);
    return text;
}

static void check_table(size_t width, const char *expected)
{
    char *text = printed(width);

    CHECK_TEXT(text, expected);
    free(text);
}

/* One name of a crafted log must not make every row as wide. */
static void a_wide_cell_moves_no_other(void)
{
    static const struct dp_column two[] = {{"name", true, 0}, {"last", true, 0}};
    struct dp_table table;
    struct dp_style style = {0};
    char *text = NULL, name[3000];
    size_t size = 0;

    style.out = open_memstream(&text, &size);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    dp_table_start(&table, two, 2);
    dp_table_cell(&table, name);
    dp_table_cell(&table, "1");
    for (int i = 0; i < 10; i++) {
        dp_table_cell(&table, "short");
        dp_table_cell(&table, "2");
    }
    dp_table_print(&table, &style);
    dp_table_finish(&table);
    fclose(style.out);
    CHECK(size < 1024 + 12 * 210);
    CHECK(strstr(text, "xxx  1\n") != NULL);
    free(text);
}

static void tables_fit_the_width(void)
{
    check_table(0, "name   n  less  least  last\n"
                   "a      1    xx    yyy  short\n"
                   "bcd   22     x         quite a long one\n");
    check_table(33, "name   n  less  last\n"
                    "a      1    xx  short\n"
                    "bcd   22     x  quite a long one\n");
    check_table(27, "name   n  less  last\n"
                    "a      1    xx  short\n"
                    "bcd   22     x  quite a lo~\n");
    check_table(24, "name   n  last\n"
                    "a      1  short\n"
                    "bcd   22  quite a long ~\n");
    check_table(20, "name   n  last\n"
                    "a      1  short\n"
                    "bcd   22  quite a l~\n");
}

/* A long name costs no figures, and the end of a place is shown. */
static void long_names_are_cut_before_figures_go(void)
{
    static const struct dp_column named[] = {
        {"total", false, 0}, {"mean", false, 1}, {"name", true, 0}, {"at", DP_LEFT_END, 1}};
    struct dp_table table;
    char *text = NULL;
    size_t size = 0;
    struct dp_style style = {.out = open_memstream(&text, &size), .width = 50};

    dp_table_start(&table, named, 4);
    const char *cells[] = {"1.5 s", "2 ms", "name_space::some_class::some_method(int, char *)",
                           "folder/of/a/file.cc:1234", "1 ms", "1 ns", "f", "a.c:1"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        dp_table_cell(&table, cells[i]);
    dp_table_print(&table, &style);
    dp_table_finish(&table);
    fclose(style.out);
    CHECK_TEXT(text, "total  mean  name               at\n"
                     "1.5 s  2 ms  name_space::some~  ~of/a/file.cc:1234\n"
                     " 1 ms  1 ns  f                  a.c:1\n");
    free(text);
}

static void check_fold(size_t width, size_t hang, const char *printed, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    struct dp_style style = {.out = open_memstream(&text, &size), .width = width};
    struct dp_fold fold;

    fputs(printed, dp_fold_start(&fold, &style, hang)->out);
    dp_fold_finish(&fold);
    fclose(style.out);
    CHECK_TEXT(text, expected);
    free(text);
}

static void lines_end_between_words(void)
{
    check_fold(20, 0, "fits as  it is\n\n  one two three four five\nlast", "fits as  it is\n\n"
               "  one two three four\n    five\nlast");
    check_fold(0, 0, "no limit no limit no limit\n", "no limit no limit no limit\n");
    check_fold(16, 8, "  label 1234567 12345678\n", "  label 1234567\n        12345678\n");
    /* A word is whole, on its own line if need be. */
    check_fold(10, 0, "a word_that_is_too_wide b\n", "a\n  word_that_is_too_wide\n  b\n");
    check_fold(10, 4, "word_that_is_too_wide b\n", "word_that_is_too_wide\n    b\n");
    /* What belongs together. */
    check_fold(12, 0, "it took 12.5 ms\n", "it took\n  12.5 ms\n");
    check_fold(20, 0, "it is in `f(int, int)` now\n", "it is in\n  `f(int, int)` now\n");
    check_fold(10, 0, "in `f(int, int, int)` now\n", "in `f(int,\n  int,\n  int)`\n  now\n");
    check_fold(20, 0, "RULES=a*:rate=1;b*:slow=1ms;c:off\n",
               "RULES=a*:rate=1;\n  b*:slow=1ms;c:off\n");
    /* Colours and the bytes of a character have no width. */
    check_fold(9, 0, "\033[31mred\033[0m \xc2\xb5s no\n", "\033[31mred\033[0m \xc2\xb5s no\n");
    check_fold(8, 0, "\033[31mred\033[0m \xc2\xb5s no\n",
               "\033[31mred\033[0m \xc2\xb5s\n  no\n");
}

int main(void)
{
    nothing_that_a_terminal_obeys_gets_through();
    strings_are_cut_at_whole_characters();
    units_have_three_digits();
    a_wide_cell_moves_no_other();
    tables_fit_the_width();
    long_names_are_cut_before_figures_go();
    lines_end_between_words();
    return 0;
}
