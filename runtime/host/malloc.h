/* The malloc family in front of the program's: malloc.c in the shared library,
 * malloc_wrap.c in static programs. thread/memory.h counts. */
#ifndef DP_MALLOC_H
#define DP_MALLOC_H

#include <stdbool.h>

/* The program's allocator can say how large a block is; else bytes are counted as 0. */
bool dp_memory_sized(void);

#endif
