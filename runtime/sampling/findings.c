/* See findings.h. */
#include "findings.h"

#include <string.h>

#include "base/facts.h"
#include "log/process_log.h"
#include "stack_log.h"

void dp_findings_start(struct dp_findings *findings)
{
    findings->n = 0;
}

static bool same_frames(const struct dp_frames *a, const struct dp_frames *b)
{
    return a->n == b->n && (!a->n || a->flags == b->flags) &&
           memcmp(a->pcs, b->pcs, a->n * sizeof *a->pcs) == 0;
}

static bool same(const struct dp_finding *finding, const struct dp_look *look, uint32_t state)
{
    return finding->state == state && finding->flags == look->flags &&
           finding->wait.syscall == look->wait.syscall &&
           finding->wait.holder_tid == look->wait.holder_tid &&
           strcmp(finding->wait.object, look->wait.object) == 0 &&
           same_frames(&finding->stack, &look->stack) &&
           same_frames(&finding->holder_stack, &look->holder_stack);
}

static void copy_frames(struct dp_frames *to, const struct dp_frames *from)
{
    to->n = from->n;
    to->flags = from->n ? from->flags : 0;
    memcpy(to->pcs, from->pcs, from->n * sizeof *from->pcs);
}

static void begin(struct dp_finding *finding, const struct dp_look *look, uint32_t state)
{
    finding->state = state;
    finding->flags = look->flags;
    finding->looks = 0;
    finding->weight_ns = 0;
    finding->wait = look->wait;
    copy_frames(&finding->stack, &look->stack);
    copy_frames(&finding->holder_stack, &look->holder_stack);
}

/* The finding that equals the look, or a new one; the last one when there is no room. */
static struct dp_finding *finding_of(struct dp_findings *findings, const struct dp_look *look,
                                     uint32_t state)
{
    for (uint32_t i = 0; i < findings->n; i++)
        if (same(&findings->found[i], look, state))
            return &findings->found[i];
    if (findings->n < DP_FINDINGS_MAX) {
        begin(&findings->found[findings->n], look, state);
        return &findings->found[findings->n++];
    }
    struct dp_finding *rest = &findings->found[DP_FINDINGS_MAX - 1];
    rest->flags |= DP_SAMPLE_NO_ROOM;
    rest->stack.n = rest->holder_stack.n = 0;
    dp_process_lost(DP_LOSS_STACKS, 1);
    return rest;
}

/* The part of `weight_ns` that the thread spent in the other state (*state) than look->state,
 * which has the greater part: it ran and waited for a processor by turns. */
static uint64_t other_part(const struct dp_look *look, uint64_t weight_ns, uint32_t *state)
{
    uint64_t on_cpu = (uint64_t)((unsigned __int128)weight_ns * look->on_cpu / DP_SHARE_ONE);
    *state = look->state == DP_THREAD_ON_CPU ? DP_THREAD_RUNNABLE : DP_THREAD_ON_CPU;
    if (look->state == DP_THREAD_BLOCKED)
        return 0;
    return *state == DP_THREAD_ON_CPU ? on_cpu : weight_ns - on_cpu;
}

void dp_findings_add(struct dp_findings *findings, const struct dp_look *look, uint32_t looks,
                     uint64_t weight_ns)
{
    uint32_t other_state;
    uint64_t other_ns = other_part(look, weight_ns, &other_state);
    struct dp_finding *finding = finding_of(findings, look, look->state);
    finding->looks += looks;
    finding->weight_ns += weight_ns - other_ns;
    if (other_ns)
        finding_of(findings, look, other_state)->weight_ns += other_ns;
}

/* Writes a sample after its stacks. The caller has filled in the fields of the look. */
static void log_sample(struct dp_event_sample *event, const struct dp_wait *wait,
                       const struct dp_frames *stack, const struct dp_frames *holder_stack)
{
    struct {
        struct dp_event_sample event;
        char texts[sizeof wait->object + sizeof wait->holder];
    } __attribute__((packed)) record;
    event->syscall = wait->syscall;
    event->holder_tid = wait->holder_tid;
    event->stack = dp_stack_log(stack);
    event->holder_stack = dp_stack_log(holder_stack);
    if (stack->n && !event->stack) {
        event->flags |= DP_SAMPLE_NO_ROOM;
        dp_process_lost(DP_LOSS_STACKS, 1);
    }
    record.event = *event;
    size_t object = strlen(wait->object) + 1, holder = strlen(wait->holder) + 1;
    memcpy(record.texts, wait->object, object);
    memcpy(record.texts + object, wait->holder, holder);
    dp_log_event(DP_EVENT_ID_sample, &record, sizeof record.event + object + holder);
}

void dp_findings_log(const struct dp_findings *findings, uint32_t site, uint32_t tid,
                     uint64_t call)
{
    for (uint32_t i = 0; i < findings->n; i++) {
        const struct dp_finding *found = &findings->found[i];
        struct dp_event_sample event = {.site = site,
                                        .tid = tid,
                                        .call = call,
                                        .state = found->state,
                                        .flags = found->flags,
                                        .looks = found->looks,
                                        .weight_ns = found->weight_ns};
        log_sample(&event, &found->wait, &found->stack, &found->holder_stack);
    }
}

void dp_look_log(const struct dp_look *look, uint32_t looks, uint64_t weight_ns, uint32_t site)
{
    struct dp_event_sample event = {.site = site,
                                    .tid = look->tid,
                                    .state = look->state,
                                    .flags = look->flags,
                                    .looks = looks,
                                    .weight_ns = weight_ns};
    uint32_t other_state;
    uint64_t other_ns = other_part(look, weight_ns, &other_state);
    event.weight_ns -= other_ns;
    log_sample(&event, &look->wait, &look->stack, &look->holder_stack);
    if (!other_ns)
        return;
    event.looks = 0; /* the look is counted with the other part */
    event.state = other_state;
    event.weight_ns = other_ns;
    log_sample(&event, &look->wait, &look->stack, &look->holder_stack);
}
