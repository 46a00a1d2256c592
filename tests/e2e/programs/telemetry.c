/*
 * What a program says by itself, as strict C89 and as C++; run by tests/e2e/telemetry.py.
 *
 *     telemetry THREADS TIMES [kill|fork]
 *
 * Each thread, after each other, measures, counts, sets a gauge and makes spans TIMES times, and
 * ends. One span stays open. kill: the process ends by SIGKILL; fork: a child does the same again.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deep_profile.h>

static long times;

static void *work(void *unused)
{
    char kind[32];
    long i;
    (void)unused;
    for (i = 0; i < times; i++) {
        sprintf(kind, "kind %ld", i % 3);
        deep_profile_count(kind, 2);
        deep_profile_measure("query", (uint64_t)(i + 1) * 1000);
        deep_profile_gauge("queue \033[31m depth", i % 30);
        deep_profile_span_end(deep_profile_span_begin("request"));
    }
    return NULL;
}

static void run(int threads)
{
    int i;
    for (i = 0; i < threads; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, work, NULL);
        pthread_join(thread, NULL);
    }
}

int main(int argc, char **argv)
{
    int threads = atoi(argv[1]);
    uint64_t open_span = deep_profile_span_begin("never ended");
    times = atol(argv[2]);
    run(threads);
    if (argc > 3 && strcmp(argv[3], "fork") == 0) {
        pid_t child = fork();
        if (child == 0)
            run(threads);
        else
            waitpid(child, NULL, 0);
        if (child == 0)
            return 0;
    }
    printf("%s\n", open_span ? "measured" : "nothing");
    fflush(stdout);
    if (argc > 3 && strcmp(argv[3], "kill") == 0)
        raise(SIGKILL);
    return 0;
}
