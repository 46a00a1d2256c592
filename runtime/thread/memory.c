/* See memory.h. */
#include "memory.h"

bool dp_memory_counted;
