/* See threads_created.h. */
#include "threads_created.h"

_Atomic uint64_t dp_threads_created;
