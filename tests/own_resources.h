/* What a test program holds at this moment: for tests that it does not grow. */
#ifndef TESTS_OWN_RESOURCES_H
#define TESTS_OWN_RESOURCES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct own_resources {
    long resident_bytes, mappings, descriptors;
};

static inline struct own_resources own_resources(void)
{
    struct own_resources own = {0, 0, 0};
    long size = 0, pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    FILE *maps = fopen("/proc/self/maps", "r");
    DIR *descriptors = opendir("/proc/self/fd");

    if (!statm || !maps || !descriptors || fscanf(statm, "%ld %ld", &size, &pages) != 2)
        abort();
    own.resident_bytes = pages * sysconf(_SC_PAGESIZE);
    for (int c; (c = getc(maps)) != EOF;)
        own.mappings += c == '\n';
    while (readdir(descriptors))
        own.descriptors++;
    fclose(statm);
    fclose(maps);
    closedir(descriptors);
    return own;
}

#endif
