/*
 * Handlers that a program attaches; run by tests/e2e/telemetry.py.
 *
 *     handlers see|self|others|slow|exit|fork|errors
 *
 * Each mode prints what its handlers saw. Nothing waits for a moment: only for what must come.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deep_profile.h>

static _Atomic long seen[4];
static pthread_t main_thread;

DEEP_PROFILE(rate=1, check_load=false, metadata=team:"red, or not")
__attribute__((noinline)) static long work(long n)
{
    return n * 2 + seen[3];
}

static void wait_until(_Atomic long *what, long many)
{
    while (*what < many)
        usleep(1000);
}

static void count(const struct deep_profile_event *event, void *config)
{
    (void)event;
    ++*(_Atomic long *)config;
}

/* Everything that is asked of one event. */
static void look(const struct deep_profile_event *event, void *config)
{
    int64_t duration = -1, when = -1, none = 17;
    char *copy;
    if (seen[1]++)
        return;
    int first = deep_profile_event_measurement(event, "duration_ns", &duration);
    int second = deep_profile_event_measurement(event, "time_unix_ns", &when);
    int third = deep_profile_event_measurement(event, "no such thing", &none);
    copy = malloc(100); /* the host's malloc works here */
    strcpy(copy, deep_profile_event_metadata(event, "function"));
    deep_profile_count("in a handler", 1);
    printf("%s %s %s team=%s pid=%d %d %d %d %d %d %s %s\n", (const char *)config,
           deep_profile_event_name(event), copy, deep_profile_event_metadata(event, "team"),
           atoi(deep_profile_event_metadata(event, "pid")) == (int)getpid(), first, duration >= 0,
           second || when < 1600000000000000000, third == -ENOENT && none == 17,
           deep_profile_event_metadata(event, "nothing") == NULL,
           deep_profile_event_metadata(event, "attribute"),
           pthread_equal(pthread_self(), main_thread) ? "here" : "elsewhere");
    free(copy);
}

static void detach_self(const struct deep_profile_event *event, void *config)
{
    (void)event;
    (void)config;
    if (deep_profile_detach("self") == 0)
        seen[0]++;
}

static void attach_another(const struct deep_profile_event *event, void *config)
{
    (void)event;
    (void)config;
    if (deep_profile_attach("another", "profiler.st*", count, &seen[1]) == 0)
        seen[0]++;
}

static void sleep_long(const struct deep_profile_event *event, void *config)
{
    (void)event;
    ++*(_Atomic long *)config;
    usleep(300000);
}

static void was_detached(const struct deep_profile_event *event, void *config)
{
    int64_t took = 0;
    (void)config;
    deep_profile_event_measurement(event, "took_ns", &took);
    printf("%s %s %d\n", deep_profile_event_name(event),
           deep_profile_event_metadata(event, "handler"), took >= 100000000);
    seen[2]++;
}

static void call_exit(const struct deep_profile_event *event, void *config)
{
    (void)event;
    (void)config;
    exit(7);
}

static void call_fork(const struct deep_profile_event *event, void *config)
{
    int status = -1;
    (void)event;
    (void)config;
    if (seen[0])
        return;
    pid_t child = fork();
    if (child == 0)
        return; /* the child ends as it goes back */
    waitpid(child, &status, 0);
    printf("child %d\n", status);
    fflush(stdout);
    seen[0]++;
}

static void keep_working(_Atomic long *what, long many)
{
    while (*what < many) {
        work(1);
        usleep(1000);
    }
}

static void errors(void)
{
    static const char *const events[] = {"a", "b"};
    char id[100], long_id[100];
    int i, full = 0;
    memset(long_id, 'x', sizeof long_id - 1);
    long_id[sizeof long_id - 1] = 0;
    printf("%d %d %d %d %d\n", deep_profile_attach(NULL, "a", count, NULL) == -EINVAL,
           deep_profile_attach("", "a", count, NULL) == -EINVAL,
           deep_profile_attach(long_id, "a", count, NULL) == -EINVAL,
           deep_profile_attach("x", "a", NULL, NULL) == -EINVAL,
           deep_profile_attach_many("x", events, 0, count, NULL) == -EINVAL);
    printf("%d\n", deep_profile_attach_many("x", events, 2, count, NULL));
    printf("%d\n", deep_profile_attach("x", "c", count, NULL) == -EEXIST);
    printf("%d\n", deep_profile_detach("x"));
    printf("%d\n", deep_profile_detach("x") == -ENOENT);
    printf("%d\n", deep_profile_attach("x", "c", count, NULL));
    for (i = 0; i < 100; i++) {
        sprintf(id, "one of many %d", i);
        full += deep_profile_attach(id, "a", count, NULL) == -ENOSPC;
    }
    printf("%d\n", full);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    static const char *const stop_and_such[] = {"profiler.stop", "profiler.nothing"};
    main_thread = pthread_self();
    setvbuf(stdout, NULL, _IOLBF, 0);
    work(1); /* before anybody listens */
    if (strcmp(mode, "see") == 0) {
        deep_profile_attach_many("look", stop_and_such, 2, look, (void *)(uintptr_t) "config");
        deep_profile_attach("stops", "profiler.stop", count, &seen[0]);
        deep_profile_attach("all", "*", count, &seen[2]);
        for (int i = 0; i < 100; i++)
            work(i);
        wait_until(&seen[1], 100);
        wait_until(&seen[2], 200);
        printf("detached %d\n", deep_profile_detach("look"));
        for (int i = 0; i < 10; i++)
            work(i);
        wait_until(&seen[0], 110);
        printf("%ld %ld\n", seen[0], seen[1]);
    } else if (strcmp(mode, "self") == 0) {
        deep_profile_attach("self", "profiler.stop", detach_self, NULL);
        deep_profile_attach("stops", "profiler.stop", count, &seen[1]);
        keep_working(&seen[0], 1);
        work(1);
        printf("%ld %d\n", seen[0], deep_profile_detach("self") == -ENOENT);
    } else if (strcmp(mode, "others") == 0) {
        deep_profile_attach("first", "profiler.stop", attach_another, NULL);
        keep_working(&seen[1], 2);
        printf("%ld\n", seen[0]);
    } else if (strcmp(mode, "slow") == 0) {
        deep_profile_attach("too slow", "profiler.stop", sleep_long, &seen[0]);
        deep_profile_attach("told", "profiler.handler_detached", was_detached, NULL);
        keep_working(&seen[2], 1);
        printf("%d %d\n", seen[0] >= 1, deep_profile_detach("too slow") == -ENOENT);
    } else if (strcmp(mode, "exit") == 0) {
        deep_profile_attach("exit", "profiler.stop", call_exit, NULL);
        keep_working(&seen[0], 1);
    } else if (strcmp(mode, "fork") == 0) {
        deep_profile_attach("fork", "profiler.stop", call_fork, NULL);
        keep_working(&seen[0], 1);
    } else {
        errors();
    }
    printf("done\n");
    return 0;
}
