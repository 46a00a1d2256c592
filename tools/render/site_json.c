/* See site_json.h. */
#include "site_json.h"

void dp_json_put_site(struct dp_json *object, uint32_t index, const struct dp_site_info *info)
{
    dp_json_put_u64(object, "site", index);
    dp_json_put_text(object, "function", info ? info->function : NULL);
    dp_json_put_text(object, "file", info ? info->file : NULL);
    if (info && info->line)
        dp_json_put_u64(object, "line", info->line);
    else
        dp_json_put_text(object, "line", NULL);
    dp_json_put_text(object, "module", info ? info->module : NULL);
}

void dp_json_put_thread(struct dp_json *object, uint32_t tid, const char *name)
{
    dp_json_put_u64(object, "tid", tid);
    dp_json_put_text(object, "thread", name);
}
