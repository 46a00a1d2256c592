/* See progress.h. */
#include "progress.h"
#include "clock.h"

#include <stdio.h>
#include <unistd.h>

void dp_progress_start(struct dp_progress *progress, const char *what, uint64_t total)
{
    *progress = (struct dp_progress){.what = what, .total = total};
    if (total > 0 && isatty(STDERR_FILENO))
        progress->next_ns = dp_monotonic_ns() + 500000000u;
}

void dp_progress_show(struct dp_progress *progress, uint64_t done)
{
    progress->done = done;
    if (progress->next_ns == 0 || dp_monotonic_ns() < progress->next_ns)
        return;
    double share = (double)done / (double)progress->total;
    fprintf(stderr, "\r%s: %3.0f %%", progress->what, share < 1 ? 100 * share : 100);
    fflush(stderr);
    progress->shown = true;
    progress->next_ns = dp_monotonic_ns() + 100000000u;
}

void dp_progress_finish(struct dp_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
}
