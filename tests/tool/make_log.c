/*
 * make_log SCENARIO DIRECTORY: writes the log, and on stdout one line for each
 * of its records, in order of time: what any reader must find in it.
 *
 *     TIME_NS TID LANE EVENT PAYLOAD-IN-HEX
 */
#include "log_writer.h"

#include <stdlib.h>
#include <string.h>

#include "common/events.h"

static int by_time(const void *a, const void *b)
{
    const struct expected *x = a, *y = b;

    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    if (x->lane != y->lane)
        return x->lane < y->lane ? -1 : 1;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    static struct writer writer;

    for (const struct scenario *scenario = scenarios; argc == 3 && scenario->name; scenario++) {
        if (strcmp(scenario->name, argv[1]) != 0)
            continue;
        writer_start(&writer, argv[2]);
        scenario->write(&writer);
        qsort(writer.expected, writer.n_expected, sizeof *writer.expected, by_time);
        for (size_t i = 0; i < writer.n_expected; i++) {
            const struct expected *record = &writer.expected[i];
            printf("%llu %u %lld %s ", (unsigned long long)record->time_ns, record->tid,
                   (long long)record->lane, dp_event_shape(record->id)->name);
            for (uint32_t b = 0; b < record->payload_bytes; b++)
                printf("%02x", record->payload[b]);
            putchar('\n');
        }
        return 0;
    }
    fprintf(stderr, "usage: make_log SCENARIO DIRECTORY\n");
    for (const struct scenario *scenario = scenarios; scenario->name; scenario++)
        fprintf(stderr, "  %-14s %s\n", scenario->name, scenario->what);
    return 2;
}
