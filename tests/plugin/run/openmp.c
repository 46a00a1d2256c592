/* A parallel region inside a profiled function: one call, one exit.
 * options: -fopenmp
 * not with: -static -static-pie -fsanitize=thread (libgomp warns, and TSan does not know it) */
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

DEEP_PROFILE() __attribute__((noinline)) long sum(int n)
{
    long total = 0;
#pragma omp parallel for reduction(+ : total) num_threads(2)
    for (int i = 0; i < n; i++)
        total += i;
    return total;
}

int main(void)
{
    EXPECT(sum(1000) == 499500);
    EXPECT(fake_find("sum")->enters == 1);
    return fake_finish();
}
