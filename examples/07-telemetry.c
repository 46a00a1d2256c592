/*
 * What no annotation knows: how long jobs wait in a queue, how many wait, of which kind they are.
 *
 *     deep-profile-cc -O2 -g -pthread 07-telemetry.c -o jobs
 *     DEEP_PROFILE=1 ./jobs 200 && deep-profile report
 *
 * One thread makes jobs, two work on them. A job's wait is a span: it begins on the thread that
 * makes it and ends on the one that takes it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <deep_profile.h>

struct job {
    const char *kind;
    int size;
    uint64_t wait; /* the span */
};

#define ROOM 64

static struct job queue[ROOM];
static int first, waiting, more = 1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void put(struct job job)
{
    pthread_mutex_lock(&lock);
    while (waiting == ROOM)
        pthread_cond_wait(&changed, &lock);
    job.wait = deep_profile_span_begin("wait");
    queue[(first + waiting++) % ROOM] = job;
    deep_profile_gauge("jobs waiting", waiting);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static int take(struct job *job)
{
    int any;
    pthread_mutex_lock(&lock);
    while (waiting == 0 && more)
        pthread_cond_wait(&changed, &lock);
    any = waiting > 0;
    if (any) {
        *job = queue[first];
        first = (first + 1) % ROOM;
        deep_profile_gauge("jobs waiting", --waiting);
        deep_profile_span_end(job->wait);
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    return any;
}

static unsigned long hash(int size)
{
    unsigned long value = 5381;
    for (int i = 0; i < size * 1000; i++)
        value = value * 33 + (unsigned long)i;
    return value;
}

static void *work(void *sum)
{
    struct job job;
    while (take(&job)) {
        uint64_t span = deep_profile_span_begin(job.kind);
        *(unsigned long *)sum += hash(job.size) % 7;
        deep_profile_span_end(span);
        deep_profile_count(job.kind, 1);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int jobs = argc > 1 ? atoi(argv[1]) : 200;
    unsigned long sums[2] = {0, 0};
    pthread_t workers[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&workers[i], NULL, work, &sums[i]);
    for (int i = 0; i < jobs; i++)
        put((struct job){i % 4 ? "small job" : "large job", i % 4 ? 10 : 100, 0});
    pthread_mutex_lock(&lock);
    more = 0;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 2; i++)
        pthread_join(workers[i], NULL);
    printf("%d jobs, %lu\n", jobs, sums[0] + sums[1]);
    return 0;
}
