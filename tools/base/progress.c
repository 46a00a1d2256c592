/* See progress.h. */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void dp_progress_start(struct dp_progress *progress, const char *what, uint64_t total)
{
    *progress = (struct dp_progress){.what = what, .total = total};
    if (total > 0 && isatty(STDERR_FILENO))
        progress->next_ns = now_ns() + 500000000u;
}

void dp_progress_show(struct dp_progress *progress, uint64_t done)
{
    progress->done = done;
    if (progress->next_ns == 0 || now_ns() < progress->next_ns)
        return;
    double share = (double)done / (double)progress->total;
    fprintf(stderr, "\r%s: %3.0f %%", progress->what, share < 1 ? 100 * share : 100);
    fflush(stderr);
    progress->shown = true;
    progress->next_ns = now_ns() + 100000000u;
}

void dp_progress_finish(struct dp_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
}
