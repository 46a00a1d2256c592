/*
 * Threads that make ten calls each: many one after another, or many at once, with
 * what the process has in memory before, while all live, and after they are gone.
 *
 *     many THREADS AT_ONCE      prints lines: WHEN RSS_KB VIRTUAL_KB MAPPINGS
 *
 * The last line is printed when the figures have not fallen for a while and the log's
 * mappings are as many as before, or after a minute: memory is given back after a while, and
 * later on a busy machine.
 */
#include <deep_profile.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS 10

static pthread_barrier_t all_live, all_may_go;
static int at_once;

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void recorded(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE_CALLS() __attribute__((noinline)) static void counted(void)
{
    __asm__ volatile("");
}

static void *run(void *unused)
{
    for (int i = 0; i < CALLS; i++) {
        recorded();
        counted();
    }
    if (at_once > 1) {
        pthread_barrier_wait(&all_live);
        pthread_barrier_wait(&all_may_go);
    }
    return unused;
}

struct figures {
    long rss_kb, virtual_kb, mappings; /* mappings: of files of the log */
};

static struct figures look(void)
{
    struct figures figures = {0, 0, 0};
    char line[4096];
    FILE *file = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, file)) {
        sscanf(line, "VmRSS: %ld", &figures.rss_kb);
        sscanf(line, "VmSize: %ld", &figures.virtual_kb);
    }
    fclose(file);
    file = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, file))
        figures.mappings += strstr(line, "/lane-") || strstr(line, "/stream-");
    fclose(file);
    return figures;
}

static void print(const char *when, struct figures figures)
{
    printf("%s %ld %ld %ld\n", when, figures.rss_kb, figures.virtual_kb, figures.mappings);
    fflush(stdout);
}

/* Of each figure the lowest that was seen. */
static struct figures look_until_it_stays(long mappings)
{
    struct figures lowest = look();
    for (int still = 0, i = 0; i < 600 && (still < 15 || lowest.mappings > mappings); i++, still++) {
        usleep(100000);
        struct figures now = look();
        if (now.rss_kb < lowest.rss_kb) {
            lowest.rss_kb = now.rss_kb;
            still = 0;
        }
        if (now.virtual_kb < lowest.virtual_kb)
            lowest.virtual_kb = now.virtual_kb;
        if (now.mappings < lowest.mappings)
            lowest.mappings = now.mappings;
    }
    return lowest;
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[1]) : 1;
    at_once = argc > 2 ? atoi(argv[2]) : 1;
    pthread_t *ids = malloc((size_t)at_once * sizeof *ids);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    pthread_barrier_init(&all_live, NULL, (unsigned)at_once + 1);
    pthread_barrier_init(&all_may_go, NULL, (unsigned)at_once + 1);
    recorded();
    struct figures before = look();
    print("before", before);
    for (int done = 0; done < threads; done += at_once) {
        for (int i = 0; i < at_once; i++) {
            if (pthread_create(&ids[i], &attributes, run, NULL) != 0)
                return 1;
        }
        if (at_once > 1) {
            pthread_barrier_wait(&all_live);
            if (done == 0)
                print("while", look());
            pthread_barrier_wait(&all_may_go);
        }
        for (int i = 0; i < at_once; i++)
            pthread_join(ids[i], NULL);
    }
    print("after", look());
    print("later", look_until_it_stays(before.mappings));
    free(ids);
    return 0;
}
