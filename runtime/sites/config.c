/* See config.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/tick.h"

#define CHUNK 64 /* configurations mapped at a time */

const struct dp_site_config **dp_site_configs;

int dp_site_configs_init(void)
{
    dp_site_configs = dp_os_map_memory(DP_MAX_SITES * sizeof *dp_site_configs);
    return dp_site_configs ? 0 : -ENOMEM;
}

void dp_site_configs_release(void)
{
    dp_os_unmap(dp_site_configs, DP_MAX_SITES * sizeof *dp_site_configs);
    dp_site_configs = NULL;
}

/* Room for one more configuration, never given back: a forked child keeps what its parent
 * took. */
static struct dp_site_config *take(void)
{
    static struct dp_site_config *chunk;
    static uint32_t left;
    if (!left) {
        chunk = dp_memory_ceiling_map_for_good(CHUNK * sizeof *chunk);
        left = chunk ? CHUNK : 0;
    }
    return left ? &chunk[--left] : NULL;
}

const struct dp_site_config *dp_site_config_publish(uint32_t index,
                                                    const struct dp_site_config *decided)
{
    const struct dp_site_config *newest = dp_site_configs[index];
    if (newest && memcmp(newest, decided, offsetof(struct dp_site_config, version)) == 0)
        return newest;
    struct dp_site_config *config = take();
    if (!config)
        return NULL;
    memcpy(config, decided, offsetof(struct dp_site_config, version));
    config->version = newest ? newest->version + 1 : 1;
    config->older = newest;
    /* Set both before the store, so that no reader of the new configuration can have
     * started earlier. */
    config->from_tick = dp_tick_last();
    config->from_ns = dp_now_ns();
    __atomic_store_n(&dp_site_configs[index], config, __ATOMIC_RELEASE); /* see dp_site_config */
    return config;
}
