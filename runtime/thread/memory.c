/* See memory.h. */
#include "memory.h"

bool dp_memory_counted;
enum dp_memory_view dp_memory_view;
