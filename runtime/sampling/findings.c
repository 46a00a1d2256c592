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

static bool same(const struct dp_finding *finding, const struct dp_look *look)
{
    return finding->state == look->state && finding->flags == look->flags &&
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

static void begin(struct dp_finding *finding, const struct dp_look *look)
{
    finding->state = look->state;
    finding->flags = look->flags;
    finding->looks = 0;
    finding->weight_ns = 0;
    finding->wait = look->wait;
    copy_frames(&finding->stack, &look->stack);
    copy_frames(&finding->holder_stack, &look->holder_stack);
}

/* One that is like the look; a new one; or the last one, for all that do not fit. */
static struct dp_finding *finding_of(struct dp_findings *findings, const struct dp_look *look)
{
    for (uint32_t i = 0; i < findings->n; i++)
        if (same(&findings->found[i], look))
            return &findings->found[i];
    if (findings->n < DP_FINDINGS_MAX) {
        begin(&findings->found[findings->n], look);
        return &findings->found[findings->n++];
    }
    struct dp_finding *rest = &findings->found[DP_FINDINGS_MAX - 1];
    rest->flags |= DP_SAMPLE_NO_ROOM;
    rest->stack.n = rest->holder_stack.n = 0;
    dp_process_lost(DP_LOSS_STACKS, 1);
    return rest;
}

void dp_findings_add(struct dp_findings *findings, const struct dp_look *look, uint32_t looks,
                     uint64_t weight_ns)
{
    struct dp_finding *finding = finding_of(findings, look);
    finding->looks += looks;
    finding->weight_ns += weight_ns;
}

static void log_one(const struct dp_finding *finding, uint32_t site, uint32_t tid, uint64_t call)
{
    struct {
        struct dp_event_sample event;
        char texts[sizeof finding->wait.object + sizeof finding->wait.holder];
    } __attribute__((packed)) record = {.event = {.site = site,
                                                  .tid = tid,
                                                  .call = call,
                                                  .state = finding->state,
                                                  .flags = finding->flags,
                                                  .looks = finding->looks,
                                                  .weight_ns = finding->weight_ns,
                                                  .syscall = finding->wait.syscall,
                                                  .holder_tid = finding->wait.holder_tid}};
    record.event.stack = dp_stack_log(&finding->stack);
    record.event.holder_stack = dp_stack_log(&finding->holder_stack);
    if (finding->stack.n && !record.event.stack)
        record.event.flags |= DP_SAMPLE_NO_ROOM;
    size_t object = strlen(finding->wait.object) + 1, holder = strlen(finding->wait.holder) + 1;
    memcpy(record.texts, finding->wait.object, object);
    memcpy(record.texts + object, finding->wait.holder, holder);
    dp_log_event(DP_EVENT_ID_sample, &record, sizeof record.event + object + holder);
}

void dp_findings_log(const struct dp_findings *findings, uint32_t site, uint32_t tid,
                     uint64_t call)
{
    for (uint32_t i = 0; i < findings->n; i++)
        log_one(&findings->found[i], site, tid, call);
}
