/* See units.h. */
#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Three significant digits, also when the value rounds up to the next power of ten. */
static char *three_digits(char *buffer, double value, const char *unit)
{
    double size = fabs(value);
    int digits = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;

    snprintf(buffer, DP_UNIT_TEXT, "%.*f%s%s", digits, value, *unit ? " " : "", unit);
    return buffer;
}

char *dp_unit_ns(char buffer[DP_UNIT_TEXT], double ns, bool utf8)
{
    double size = fabs(ns);

    if (size < 999.5) {
        snprintf(buffer, DP_UNIT_TEXT, "%.0f ns", ns);
        return buffer;
    }
    if (size < 999.5e3)
        return three_digits(buffer, ns / 1e3, utf8 ? "\xc2\xb5s" : "us");
    if (size < 999.5e6)
        return three_digits(buffer, ns / 1e6, "ms");
    if (size < 600e9)
        return three_digits(buffer, ns / 1e9, "s");
    if (size < 120 * 60e9)
        return three_digits(buffer, ns / 60e9, "min");
    return three_digits(buffer, ns / 3600e9, "h");
}

char *dp_unit_count(char buffer[DP_UNIT_TEXT], double count)
{
    if (fabs(count) < 99999.5) {
        snprintf(buffer, DP_UNIT_TEXT, "%.0f", count);
        return buffer;
    }
    if (fabs(count) < 999.5e3)
        return three_digits(buffer, count / 1e3, "k");
    if (fabs(count) < 999.5e6)
        return three_digits(buffer, count / 1e6, "M");
    if (fabs(count) < 999.5e9)
        return three_digits(buffer, count / 1e9, "G");
    snprintf(buffer, DP_UNIT_TEXT, "%.3g", count);
    return buffer;
}

char *dp_unit_bytes(char buffer[DP_UNIT_TEXT], double bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
    size_t unit = 0;

    while (fabs(bytes) >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1024;
        unit++;
    }
    if (unit == 0) {
        snprintf(buffer, DP_UNIT_TEXT, "%.0f B", bytes);
        return buffer;
    }
    return three_digits(buffer, bytes, units[unit]);
}

char *dp_unit_percent(char buffer[DP_UNIT_TEXT], double share)
{
    if (!isfinite(share))
        return strcpy(buffer, "-");
    if (share != 0 && fabs(share) < 0.001) {
        snprintf(buffer, DP_UNIT_TEXT, "%.2g %%", share * 100);
        return buffer;
    }
    snprintf(buffer, DP_UNIT_TEXT, "%.1f %%", share * 100);
    return buffer;
}

char *dp_unit_rate(char buffer[DP_UNIT_TEXT], uint32_t ppb)
{
    int length = snprintf(buffer, DP_UNIT_TEXT, "%" PRIu32 ".%09" PRIu32, ppb / 1000000000u,
                          ppb % 1000000000u);

    while (buffer[length - 1] == '0')
        buffer[--length] = '\0';
    if (buffer[length - 1] == '.')
        buffer[length - 1] = '\0';
    return buffer;
}

char *dp_unit_amount(char *buffer, size_t size, uint64_t amount, const char *what)
{
    static const char time[] = "nanoseconds ";
    char ns[DP_UNIT_TEXT];

    if (strncmp(what, time, strlen(time)) == 0)
        snprintf(buffer, size, "%s %s", dp_unit_ns(ns, (double)amount, false),
                 what + strlen(time));
    else
        snprintf(buffer, size, "%" PRIu64 " %s", amount, what);
    return buffer;
}

char *dp_unit_time(char buffer[DP_UNIT_TEXT], uint64_t unix_ns, bool fraction)
{
    time_t seconds = (time_t)(unix_ns / 1000000000u);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || strftime(buffer, DP_UNIT_TEXT, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        return strcpy(buffer, "?");
    if (fraction)
        snprintf(buffer + strlen(buffer), 11, ".%09" PRIu32, (uint32_t)(unix_ns % 1000000000u));
    return buffer;
}
