/* See limits_json.h. */
#include "limits_json.h"

static void put_unrecorded(struct dp_json *object, const struct dp_report_limits *limits)
{
    struct dp_json *array = dp_json_put_array(object, "not_recorded");

    for (size_t i = 0; i < limits->n_unrecorded; i++) {
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "function", limits->unrecorded[i].info->function);
        dp_json_put_text(one, "what", limits->unrecorded[i].what);
    }
}

static void put_load(struct dp_json *object, const struct dp_report_load *of)
{
    struct dp_json *load = dp_json_put_object(object, "load");
    struct dp_json *moves = dp_json_put_array(load, "moves");

    for (size_t i = 0; i < of->n; i++) {
        const struct dp_report_load_move *move = &of->moves[i];
        struct dp_json *one = dp_json_add_object(moves);
        dp_json_put_u64(one, "time_unix_ns", move->time_unix_ns);
        dp_json_put_text(one, "resource", dp_resource_name(move->resource));
        dp_json_put_bool(one, "closed", move->closed);
        dp_json_put_number(one, "value", move->value, 6);
        dp_json_put_number(one, "limit", move->limit, 6);
        dp_json_put_u64(one, "gated", move->gated);
    }
    dp_json_put_u64(load, "gated", of->refused);
    dp_json_put_u64(load, "closed_ns", of->closed_ns);
}

/* Every loss, also when it is 0: loss is always shown. */
static void put_losses(struct dp_json *object, const struct dp_report_losses *losses)
{
    struct dp_json *loss = dp_json_put_object(object, "loss");

    for (int i = 0; i < DP_LOSS_COUNT; i++)
        dp_json_put_u64(loss, losses->of[i].name, losses->of[i].lost);
    struct dp_json *damage = dp_json_put_object(object, "damage");
    dp_json_put_u64(damage, "places", losses->damage->places);
    dp_json_put_u64(damage, "bytes", losses->damage->bytes);
    dp_json_put_text(damage, "first", losses->damage->places ? losses->damage->first.text : NULL);
}

static void put_overhead(struct dp_json *object, const struct dp_report_overhead *of)
{
    struct dp_json *overhead = dp_json_put_object(object, "overhead");

    if (!of->known)
        return;
    dp_json_put_u64(overhead, "steward_cpu_ns", of->steward_cpu_ns);
    dp_json_put_u64(overhead, "slow_paths", of->slow_paths);
    dp_json_put_u64(overhead, "slow_path_ns", of->slow_path_ns);
    dp_json_put_u64(overhead, "slow_paths_ns", of->slow_paths_ns);
    dp_json_put_u64(overhead, "log_bytes", of->log_bytes);
    if (of->memory_bytes > 0)
        dp_json_put_u64(overhead, "memory_bytes", of->memory_bytes);
    dp_json_put_u64(overhead, "cost_ns", of->cost_ns);
    dp_json_put_number(overhead, "share_of_core", of->share_of_core, 6);
    dp_json_put_number(overhead, "share_of_cpu", of->share_of_cpu, 6);
}

static void put_governor(struct dp_json *object, const struct dp_report_governor *of)
{
    if (!of->known)
        return;
    struct dp_json *governor = dp_json_put_object(object, "governor");
    dp_json_put_number(governor, "budget", of->budget, 9);
    dp_json_put_number(governor, "cost", of->cost, 9);
    dp_json_put_number(governor, "allowed", of->allowed, 9);
    dp_json_put_number(governor, "unlimited_cost", of->unlimited, 9);
    dp_json_put_u64(governor, "functions", of->sites);
    dp_json_put_u64(governor, "throttled", of->throttled);
    if (!of->least)
        return;
    dp_json_put_text(governor, "least_seen", of->least->function);
    dp_json_put_number(governor, "least_share", of->least_share, 9);
}

void dp_json_put_limits(struct dp_json *object, const struct dp_report_limits *limits)
{
    put_unrecorded(object, limits);
    put_load(object, &limits->load);
    put_losses(object, &limits->losses);
    put_overhead(object, &limits->overhead);
    put_governor(object, &limits->governor);
}
