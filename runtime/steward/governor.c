/*
 * See governor.h. What a site costs is measured while its gate works: its calls and how many of
 * them were opened, each with the price that was measured at the start.
 *
 * The calls of one window are seen together or not at all. So the variance of an estimate is
 * larger than the sum over calls that aggregates keep: of a window in which calls standing for E
 * were seen, at share s, (1 - s) E^2 more (cluster sampling: Särndal, Swensson, Wretman, Model
 * Assisted Survey Sampling, 1992, section 4.2). It is added up here, and logged.
 */
#include "governor.h"

#include "base/clock.h"
#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/mix.h"
#include "base/os.h"
#include "base/peek.h"
#include "base/settings.h"
#include "books.h"
#include "log/process_log.h"
#include "shares.h"
#include "sites/sites.h"
#include "thread/lane.h"

#define SECOND_NS UINT64_C(1000000000)
#define WINDOW_NS UINT64_C(4000000)
#define DECISION_NS UINT64_C(100000000)
#define FIRST_SHARE_LOG2 6 /* of a site whose cost is not known */
#define COST_SHARE 200     /* of one processor, the governor itself */
#define SCAN_PARTS 25      /* sites whose gate always works are looked at every so many windows */
#define ALARM 4            /* openings that cost so many times what is allowed: decide at once */
#define ALARM_OPENINGS 32
#define TURNS 256
#define AGE_SHARE 1024     /* see is_too_early() */
/* An idle process may use this share of a processor's budget: its next spike is not missed. */
#define FLOOR 0.1
/* What an entry takes that asks and is not opened, in ns; and how much more than in a loop
 * that does nothing else an opened call takes among other work. */
#define ASK_NS 2.0
#define OPEN_FACTOR 1.5
#define MEMORY_FACTOR 3.0

/* Sums over all lanes. */
struct seen {
    uint64_t estimated, sampled, calls, counted;
};

struct governed {
    struct seen before;
    uint64_t since_ns; /* of `before`; 0: nothing was read yet */
    uint64_t worked_ns; /* while it was throttled, in so many windows */
    uint64_t windows, active; /* in so many of them it was called */
    uint64_t throttled_ns;
    uint64_t raised_ns; /* when its share last became larger */
    double variance;
    double peak; /* most calls a second in any window */
    bool works;
    bool changed; /* since it was logged */
};

static double budget; /* 0: no governor */
static struct governed *sites;
static struct dp_share *shares; /* by index, like `sites` */
static uint32_t n_known;        /* the highest index that was looked at */
static uint32_t n_paid;         /* so many have been taken from the memory ceiling, also by a parent */
static uint32_t scanned;
static uint64_t next_round, next_window, next_decision, next_log;
static uint64_t windows_began; /* 0: none has */
static uint64_t random_state, seed;
static uint64_t n_windows;
static uint64_t last_tick_ns, last_openings;
static uint64_t decision_began, process_cpu, own_cpu;
static double allowed, used; /* seconds of processor time a second; by the host */
static struct dp_site_turn turns[TURNS];
static uint32_t n_turns;

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* libm is not there. Newton's method, from above. */
static uint64_t root_of(double square)
{
    double root = square > 1 ? square : 1;
    for (double next; (next = (root + square / root) / 2) < root - 0.5;)
        root = next;
    return (uint64_t)(square > 0 ? root : 0);
}

void dp_governor_init(void)
{
    budget = (double)dp_setting_value(DP_SETTING_BUDGET) / 1e9;
    if (budget > 0 && !sites) { /* what is not touched takes no memory: see meet_sites() */
        sites = dp_os_map_memory(DP_MAX_SITES * sizeof *sites);
        shares = dp_os_map_memory(DP_MAX_SITES * sizeof *shares);
    }
    if (!sites || !shares)
        budget = 0;
    dp_sites_begin_with(budget > 0 ? FIRST_SHARE_LOG2 : 0);
    for (uint32_t i = 0; budget > 0 && i <= n_known; i++) {
        sites[i] = (struct governed){0};
        shares[i] = (struct dp_share){0};
    }
    n_known = scanned = 0;
    next_round = next_window = next_decision = next_log = windows_began = 0;
    last_tick_ns = decision_began = 0;
    used = FLOOR;
    allowed = budget * used;
    random_state = seed = dp_os_monotonic_ns();
}

static const struct dp_site_stats *stats_in(const struct dp_lane_state *state, uint32_t index)
{
    uint32_t page = dp_peek_32(&state->site_pages[index / DP_LANE_SITE_PAGE]);
    if (!page)
        return NULL;
    const uint32_t *entry = (const uint32_t *)((const char *)state + page);
    uint32_t offset = dp_peek_32(&entry[index % DP_LANE_SITE_PAGE]);
    return offset ? (const struct dp_site_stats *)((const char *)state + offset) : NULL;
}

static struct seen read_site(uint32_t index)
{
    bool counted = dp_site_config(index)->counted;
    uint32_t count = dp_lanes_count(), slot = counted ? dp_site_count_slot(index) : 0;
    struct seen seen = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct dp_lane_state *state = dp_lane_state_of(dp_lane_at(i));
        if (!state)
            continue; /* it rests */
        if (slot)
            seen.counted += dp_peek(&DP_LANE_COUNTS(state)[slot]);
        const struct dp_site_stats *stats = stats_in(state, index);
        if (!stats)
            continue;
        seen.estimated += dp_peek(&stats->estimated);
        seen.sampled += dp_peek(&stats->sampled);
        seen.calls += dp_peek(&stats->calls);
    }
    return seen;
}

/* A lane that rests, or that is mapped again, changes the sums by more than was called. */
static double grown(uint64_t before, uint64_t now)
{
    return now > before ? (double)(now - before) : 0;
}

static double price_of_opening(const struct dp_site_config *config)
{
    double ns = (double)dp_process_facts()->slow_path_ns * OPEN_FACTOR;
    return config->memory ? ns * MEMORY_FACTOR : ns;
}

/* How often a site whose gate worked was called since it was read. */
static double calls_since(const struct seen *before, const struct seen *now,
                          const struct dp_site_config *config)
{
    double estimated = grown(before->estimated, now->estimated) / DP_WEIGHT_UNIT /
                       (double)config->population.copies;
    return larger(larger(estimated, grown(before->calls, now->calls)),
                  grown(before->counted, now->counted));
}

/* What they cost, in nanoseconds. */
static double cost_of(double calls, double opened, const struct dp_site_config *config)
{
    if (config->always_open)
        opened = larger(opened, calls);
    return calls * ASK_NS + opened * price_of_opening(config);
}

/* A cost that has grown counts at once, one that has shrunk bit by bit. */
static void learn_cost(struct dp_share *share, double cost)
{
    share->cost = !share->known || cost > share->cost ? cost : (3 * share->cost + cost) / 4;
    share->known = true;
}

/* A window of a throttled site has ended. */
static void add_window(struct governed *site, const struct seen *seen, double calls,
                       const struct dp_site_config *config)
{
    double stand_for = grown(site->before.estimated, seen->estimated) / DP_WEIGHT_UNIT;
    double left_out = 1 - 1 / (double)config->population.copies;
    site->variance += left_out * stand_for * stand_for;
    site->windows++;
    site->active += calls > 0;
    site->changed = true;
}

/* Reads what the gate of a site has done since the site was read before; all of it within
 * `within_ns`, if that is not 0. */
static void learn(uint32_t index, uint64_t now, uint64_t within_ns)
{
    struct governed *site = &sites[index];
    const struct dp_site_config *config = dp_site_config(index);
    struct seen seen = read_site(index);
    if (site->since_ns && now > site->since_ns) {
        double elapsed = (double)(within_ns ? within_ns : now - site->since_ns);
        double calls = calls_since(&site->before, &seen, config);
        double opened = grown(site->before.sampled, seen.sampled);
        learn_cost(&shares[index], cost_of(calls, opened, config) / elapsed);
        site->peak = larger(site->peak, calls / elapsed * SECOND_NS);
        if (site->works)
            add_window(site, &seen, calls, config);
    }
    site->before = seen;
    site->since_ns = now;
}

static void take_turns(void)
{
    dp_sites_take_turns(turns, n_turns);
    n_turns = 0;
}

static void give_turn(uint32_t index, bool works)
{
    turns[n_turns++] = (struct dp_site_turn){index, shares[index].share_log2, works};
    sites[index].works = works;
    if (n_turns == TURNS)
        take_turns();
}

static bool is_governed(uint32_t index)
{
    const struct dp_site_config *config = dp_site_config(index);
    return config && (config->weight != 0 || config->counted);
}

/* New sites have their first share already: see dp_governor_init(). Without memory for what is
 * known of it, a site's gate stays closed. */
static void meet_sites(void)
{
    uint32_t count = dp_sites_count();
    for (; n_known < count; n_known++) {
        if (n_known == n_paid) {
            if (!dp_memory_ceiling_take_for_good(sizeof *sites + sizeof *shares))
                return;
            n_paid++;
        }
        shares[n_known + 1].share_log2 = FIRST_SHARE_LOG2;
    }
}

static void end_windows(uint64_t now)
{
    uint64_t lasted = windows_began ? now - windows_began : 0;
    for (uint32_t i = 1; i <= n_known; i++) {
        sites[i].throttled_ns += shares[i].share_log2 ? lasted : 0;
        if (!sites[i].works)
            continue;
        learn(i, now, 0);
        sites[i].worked_ns += lasted;
    }
}

/* A few of the sites whose gate always works. */
static void scan(uint64_t now, uint32_t most)
{
    for (uint32_t i = 0; i < most && n_known; i++) {
        scanned = scanned % n_known + 1;
        if (shares[scanned].share_log2 == 0 && is_governed(scanned))
            learn(scanned, now, 0);
    }
}

/* Each site alone, at random. One of unknown cost has its turn once in as many windows as its
 * share says, beginning anywhere: the same chance for each window, and its cost is known soon. */
static bool has_its_turn(uint32_t index)
{
    uint64_t mask = (UINT64_C(1) << shares[index].share_log2) - 1;
    random_state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t drawn = shares[index].known ? dp_mix(random_state) : n_windows + dp_mix(seed ^ index);
    return (drawn & mask) == 0;
}

static void begin_windows(uint64_t now)
{
    windows_began = now;
    n_windows++;
    for (uint32_t i = 1; i <= n_known; i++) {
        uint8_t log2 = shares[i].share_log2;
        if (!log2 || !is_governed(i))
            continue;
        bool works = has_its_turn(i);
        if (works != sites[i].works)
            give_turn(i, works);
        if (!works)
            continue;
        sites[i].before = read_site(i);
        sites[i].since_ns = now;
    }
    take_turns();
}

static void find_allowed(uint64_t now)
{
    uint64_t process = dp_os_process_cpu_ns(), own = dp_os_thread_cpu_ns();
    if (decision_began && now > decision_began) {
        double elapsed = (double)(now - decision_began);
        used = (double)(process - process_cpu - (own - own_cpu)) / elapsed;
        double of_steward = (double)(own - own_cpu) / elapsed;
        used = larger(used, FLOOR);
        allowed = budget * used;
        allowed = larger(allowed - of_steward, allowed / 2);
    }
    decision_began = now;
    process_cpu = process;
    own_cpu = own;
}

/* Each new share takes a new configuration, whose memory is never given back (sites/config.h). So
 * in a process of weeks, a share that goes down and up all the time goes up seldom: it does so
 * AGE_SHARE times while the process's age grows by a factor of e. */
static bool is_too_early(uint32_t index, uint64_t now)
{
    return now - sites[index].raised_ns < (now - dp_process_start_ns) / AGE_SHARE;
}

static void decide(uint64_t now)
{
    find_allowed(now);
    dp_shares_decide(shares + 1, n_known, allowed, used);
    for (uint32_t i = 1; i <= n_known; i++) {
        uint8_t in_force = dp_sites[i].share_log2;
        if (!is_governed(i) || shares[i].share_log2 == in_force)
            continue;
        if (shares[i].share_log2 < in_force && is_too_early(i, now)) {
            shares[i].share_log2 = in_force;
            continue;
        }
        if (shares[i].share_log2 < in_force)
            sites[i].raised_ns = now;
        sites[i].changed = true;
        give_turn(i, shares[i].share_log2 == 0);
        sites[i].works = false; /* its windows begin with begin_windows() */
        sites[i].before = read_site(i);
        sites[i].since_ns = now;
    }
    take_turns();
}

static bool is_alarming(uint64_t now)
{
    struct dp_lane_sums sums = {0};
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < count; i++)
        dp_lane_add_sums(dp_lane_at(i), &sums);
    double opened = grown(last_openings, sums.slow_paths);
    double ns = opened * (double)dp_process_facts()->slow_path_ns * OPEN_FACTOR;
    double elapsed = (double)(now - last_tick_ns);
    bool first = !last_tick_ns;
    last_openings = sums.slow_paths;
    last_tick_ns = now;
    return !first && opened > ALARM_OPENINGS && ns > ALARM * allowed * elapsed;
}

static void govern(uint64_t now)
{
    uint64_t since_tick = now - last_tick_ns;
    bool alarm = is_alarming(now);
    if (!alarm && now < next_window)
        return;
    meet_sites();
    end_windows(now);
    if (alarm) {
        for (uint32_t i = 1; i <= n_known; i++)
            if (shares[i].share_log2 == 0 && is_governed(i))
                learn(i, now, since_tick);
    } else {
        scan(now, n_known / SCAN_PARTS + 1);
    }
    if (alarm || now >= next_decision) {
        decide(now);
        next_decision = now + DECISION_NS;
    }
    begin_windows(now);
    next_window = now + WINDOW_NS;
}

/* With very many sites or threads a round takes long: then the next one comes later. */
void dp_governor_tick(uint64_t now)
{
    if (!(budget > 0) || now < next_round)
        return;
    uint64_t began = dp_os_thread_cpu_ns();
    govern(now);
    next_round = now + (dp_os_thread_cpu_ns() - began) * COST_SHARE;
}

static void log_site(uint32_t index)
{
    struct dp_event_governed event = {
        .site = index,
        .share_log2 = shares[index].share_log2,
        .cost_ppm = (uint64_t)(shares[index].cost * 1e6),
        .worked_ns = sites[index].worked_ns,
        .throttled_ns = sites[index].throttled_ns,
        .windows = sites[index].windows,
        .active = sites[index].active,
        .peak_calls = (uint64_t)sites[index].peak,
        .deviation_calls = root_of(sites[index].variance),
    };
    dp_log_event(DP_EVENT_ID_governed, &event, sizeof event);
    sites[index].changed = false;
}

void dp_governor_log(uint64_t now, bool last)
{
    if (!(budget > 0) || (!last && now < next_log))
        return;
    if (last)
        end_windows(now);
    struct dp_event_governor event = {.budget_ppm = (uint32_t)(budget * 1e6),
                                      .allowed_ppm = (uint64_t)(allowed * 1e6)};
    double cost = 0, all = 0;
    for (uint32_t i = 1; i <= n_known; i++) {
        if (!is_governed(i))
            continue;
        event.sites++;
        event.throttled += shares[i].share_log2 > 0;
        all += shares[i].cost;
        cost += shares[i].cost / (double)(UINT64_C(1) << shares[i].share_log2);
        if (sites[i].changed)
            log_site(i);
    }
    event.cost_ppm = (uint64_t)(cost * 1e6);
    event.unlimited_ppm = (uint64_t)(all * 1e6);
    dp_log_event(DP_EVENT_ID_governor, &event, sizeof event);
    next_log = now + dp_books_interval_ns(now, SECOND_NS);
}
