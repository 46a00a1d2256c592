/*
 * tools/symbols/worker.h and cache.h without a file: names that a crafted file could have,
 * so that fuzz_verbs.c sees them in text and JSON.
 */
#include <stdlib.h>

#include "symbols/cache.h"
#include "symbols/worker.h"

void *dp_worker_names(const struct dp_file_request *request, const uint64_t *addresses, size_t n,
                      size_t *size, struct dp_problem *problem)
{
    struct dp_answers_draft draft = {0};

    if (request->build_id_bytes == 1) {
        dp_problem_set(problem, "cannot read '%s'", request->path);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        dp_draft_address(&draft, addresses[i]);
        if (addresses[i] % 4 > 0)
            dp_draft_frame(&draft, "inner \033[31m\xff\u202e", "/a\nb/\xc3.c", 7, true);
        if (addresses[i] % 4 > 1)
            dp_draft_frame(&draft, NULL, "c.c", 0, false);
        if (addresses[i] % 4 > 2)
            dp_draft_frame(&draft, "outer", NULL, (uint32_t)addresses[i], false);
    }
    dp_draft_problem(&draft, request->path);
    void *block = dp_draft_block(&draft, size);
    dp_draft_finish(&draft);
    return block;
}

void *dp_cache_load(const uint8_t *build_id, size_t id_bytes, struct dp_answers *answers)
{
    (void)build_id;
    (void)id_bytes;
    (void)answers;
    return NULL;
}

void dp_cache_store(const uint8_t *build_id, size_t id_bytes, const void *block, size_t size)
{
    (void)build_id;
    (void)id_bytes;
    (void)block;
    (void)size;
}
