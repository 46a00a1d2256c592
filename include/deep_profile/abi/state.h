/*
 * The mapped state of a profiled process: DIR/state/. The runtime writes it; readers read
 * it while the process lives or after its death. Not CTF; everything in it survives
 * SIGKILL. One thread writes each counter, with relaxed stores, and it may be read at any time:
 * each word is whole, and a reader must tolerate words that are one call apart.
 *
 *     state/process    one struct dp_process_state
 *     state/lane-NNNN  one struct dp_lane_state, its counts, its arena
 *
 * A lane is what one thread at a time writes to: this file and its streams. When the thread
 * ends, another one takes the lane; its sums continue.
 */
#ifndef DEEP_PROFILE_ABI_STATE_H
#define DEEP_PROFILE_ABI_STATE_H

#include "gate.h"
#include "log.h"

#define DP_STATE_MAGIC UINT32_C(0xD33B0F17)
#define DP_STATE_VERSION 13

#define DP_MAX_SITES 65536   /* indices 1 to DP_MAX_SITES - 1 */
#define DP_MAX_COUNTED 4096  /* slots 1 to DP_MAX_COUNTED - 1 */
#define DP_MAX_LANES 16384

enum dp_process_phase {
    DP_PROCESS_RUNNING = 1, /* or killed, if the process does not exist any more */
    DP_PROCESS_FINISHED,    /* ended through exit(); everything is flushed */
    DP_PROCESS_FAILED,      /* profiling did not start: start_error */
};

/* How a process that is not DP_PROCESS_FINISHED ended, where somebody saw it. */
enum dp_end {
    DP_END_UNKNOWN,
    DP_END_SIGNAL,    /* end_code: its number */
    DP_END_EXIT_CALL, /* by _exit() or _Exit(); end_code: the status */
    DP_END_STATUS,    /* without exit() in this program; end_code: the status */
    DP_END_EXEC,      /* its process became another program; only a reader says so */
};

/* dp_process_state.end_flags */
#define DP_END_WAITED (1u << 0)        /* `deep-profile record` waited for the process */
#define DP_END_CORE_DUMPED (1u << 1)
#define DP_END_OUT_OF_MEMORY (1u << 2) /* the kernel killed some process meanwhile, as it ran out */

/* dp_process_state.pictures: the files of flame_graph(output=…), when the process ended. */
#define DP_PICTURES_WANTED (1u << 0)
#define DP_PICTURES_CHILD (1u << 1)   /* of a forked child: not under its parent's name */
#define DP_PICTURES_STARTED (1u << 2) /* a process of ours was started to draw them */
#define DP_PICTURES_ENDED (1u << 3)   /* and has ended */
#define DP_PICTURES_SANDBOX (1u << 4) /* not started: the host was in a sandbox */
#define DP_PICTURES_NO_TOOL (1u << 5) /* not started: there is no deep-profile to be found */
#define DP_PICTURES_REFUSED (1u << 6) /* not started: the system refused */

struct dp_process_state {
    uint32_t magic;
    uint32_t version;
    uint32_t log_version;
    uint32_t phase; /* enum dp_process_phase */
    uint32_t pid;
    uint32_t parent_pid;
    /* field 22 of /proc/PID/stat: shows whether PID is still this process */
    uint64_t pid_start_ticks;
    uint64_t start_monotonic_ns;
    uint64_t realtime_offset_ns; /* realtime = monotonic + this, at the start */
    uint64_t end_monotonic_ns;  /* 0 while running */
    uint64_t heartbeat_ns;      /* last tick, monotonic */
    uint32_t lanes;             /* lane files made so far */
    uint32_t sites;             /* highest index given */
    uint32_t gate_closed;       /* bit 1u << enum dp_resource */
    uint32_t start_error;       /* errno, in DP_PROCESS_FAILED */
    /* sampled calls that the load gate refused, of threads that ended */
    uint64_t gated;
    uint64_t lost[DP_LOSS_COUNT]; /* losses that belong to no lane */
    uint64_t steward_cpu_ns;
    uint64_t slow_path_ns; /* measured cost of one slow path */
    uint64_t log_bytes;    /* on disk, all streams */
    uint64_t log_limit_bytes;
    uint64_t machine;      /* the machine of `pid`: common/machine.h; 0: not known */
    /* Snapshots of all threads (events.def: snapshot). A reader asks for one by storing the
     * next number in `wanted`; the runtime stores it in `done` when its records are in the
     * log, or were refused by it. The only word that readers write while the process runs. */
    uint32_t snapshot_wanted;
    uint32_t snapshot_done;
    /* Written by the runtime as the process ends, where it sees that; then by its parent
     * `deep-profile record`, once the process is gone. */
    uint32_t end;       /* enum dp_end */
    uint32_t end_code;
    uint32_t end_flags; /* DP_END_* */
    uint32_t pictures;  /* DP_PICTURES_* */
    uint64_t end_seen_ns; /* monotonic, when `record` saw it; 0: it did not */
    uint64_t own_memory_bytes; /* what the runtime holds for itself, as of the last second */
    char env[16];
    char program[256];     /* path of the executable, NUL-terminated */
    char command[1024];    /* arguments joined by spaces, cut to fit */
    char rules[1024];      /* DEEP_PROFILE as given, cut to fit */
    uint32_t counted_site[DP_MAX_COUNTED]; /* the site of each count slot, 0: none */
};

/*
 * Latency histogram, log-linear: values below 128 ns have a bucket each, above
 * it every power of two is cut into DP_HISTOGRAM_SUB buckets: a bucket is at
 * most 1/64 of its value wide, so its middle is off by less than 0.8 %.
 * Stored sparsely: a block of 64 counters for each power of two that occurs.
 * Block 0: 0 to 63. Block b >= 1: [2^(b+5), 2^(b+6)), in steps of 2^(b-1).
 * common/aggregate.h finds the counter of a value.
 */
#define DP_HISTOGRAM_SUB_BITS 6
#define DP_HISTOGRAM_SUB (1u << DP_HISTOGRAM_SUB_BITS)
#define DP_HISTOGRAM_BLOCKS 42 /* up to 2^47 ns, 39 hours; longer ones count in the last bucket */

/* dp_site_stats.flags. `child_ns` lacks the time of some call that the site's calls made:
 * that call was left (longjmp, exception), or one of the two had no frame. */
#define DP_STATS_CHILDREN_MISSED (1u << 0)
/* Allocations were counted without their sizes: the members in bytes are not known. */
#define DP_STATS_BYTES_UNKNOWN (1u << 1)
/* `nested_ns` lacks the time of some call: it had no frame when it ended. */
#define DP_STATS_NESTING_MISSED (1u << 2)
/* `self_allocated_bytes` and `self_allocations` lack those of some call: calls of the thread
 * did not end in the reverse order of their start, or the call was capped. */
#define DP_STATS_SELF_MEMORY_UNKNOWN (1u << 3)

/* Aggregates of one site in one lane. Times of profiled calls only. */
struct dp_site_stats {
    uint32_t site;
    uint32_t flags; /* DP_STATS_* */
    uint64_t calls;        /* seen by the runtime for certain: sites whose gate always opens */
    uint64_t sampled;      /* chosen by chance and timed; the histogram's population */
    uint64_t estimated;    /* sum of 1/rate over `sampled`, in 1/DP_WEIGHT_UNIT */
    uint64_t variance;     /* sum of (1 - rate)/rate^2 over `sampled`, in the same; */
    uint64_t variance_high; /* its upper 64 bits: 18 calls at a rate of 1e-9 fill the lower */
    uint64_t gated;        /* chosen, but refused by the load gate */
    uint64_t total_ns;     /* inclusive, of `sampled` */
    uint64_t child_ns;     /* the part of it inside sampled calls below, on the same thread */
    uint64_t nested_ns;    /* the part of it inside another sampled call of this site */
    uint64_t outermost;    /* the runtime's: index of the frame of its outermost open call */
    uint64_t min_ns;
    uint64_t max_ns;
    uint64_t slow;         /* calls that were certainly over the threshold: all of them */
    uint64_t slow_total_ns;
    uint64_t slow_max_ns;
    uint64_t maybe_slow;   /* calls that may have been over it; not among `slow` */
    uint64_t exceptions;   /* profiled calls left otherwise than by return */
    uint64_t memory_calls; /* calls whose memory was counted; the members below are theirs */
    uint64_t allocated_bytes;
    uint64_t freed_bytes;
    uint64_t allocations;
    uint64_t frees;
    int64_t peak_bytes; /* highest of any call */
    uint32_t blocks[DP_HISTOGRAM_BLOCKS]; /* offsets in the lane file; 0: none.
                                             Each block: uint32_t[DP_HISTOGRAM_SUB] */
    /* The part of the allocations inside no counted call below, on the same thread. */
    uint64_t self_allocated_bytes;
    uint64_t self_allocations;
    /* The `maybe_slow` calls together took something between these two. */
    uint64_t maybe_slow_least_ns;
    uint64_t maybe_slow_most_ns;
    uint32_t slow_histograms; /* offset of a struct dp_slow_histograms; 0: none */
    uint32_t reserved;
    /* Of a gauge: what it was set to last in this lane, and when; the least and the greatest
     * value. Its `calls` are how often it was set, and what is said of times above is of its
     * values, those below 0 taken as 0. Of an operation `value` is the number of spans that
     * began in this lane less those that ended in it. */
    int64_t value;
    uint64_t value_ns;
    int64_t least;
    int64_t greatest;
    /* By the governor, a call of `sampled` may count several times in the histogram and in
     * total_ns, child_ns and nested_ns (docs/governor.md): this is how many times more often
     * than once, all calls together. */
    uint64_t more_copies;
};

/* Two histograms of the `slow` calls: each call took something between its value in one and its
 * value in the other, so that every percentile lies between those of the two. Blocks as above. */
struct dp_slow_histograms {
    uint32_t least[DP_HISTOGRAM_BLOCKS];
    uint32_t most[DP_HISTOGRAM_BLOCKS];
};

/* The unit of "one sampled call stands for so many calls". */
#define DP_WEIGHT_UNIT 65536

#define DP_LANE_SITE_PAGE 1024 /* sites for each page of the directory */
#define DP_LANE_FRAMES 256     /* frames of a thread's open profiled calls */

/* Set in start_ns: the call has ended, but its frame is not free yet. */
#define DP_FRAME_ENDED (UINT64_C(1) << 63)

/*
 * A profiled call that is open, for readers of a killed process. Frames are in order of
 * time; a thread that runs coroutines has calls of many stacks among them. If there are
 * more calls than frames, the oldest lose theirs: they are still counted, and timed when
 * they end.
 */
struct dp_lane_frame {
    uint64_t start_ns; /* with DP_FRAME_ENDED: not open any more */
    uint32_t site;
    uint32_t kinds; /* bit 1u << enum dp_attribute: the kinds that the call is profiled for */
};

enum dp_lane_owner { DP_LANE_FREE, DP_LANE_OWNED };

struct dp_lane_state {
    uint32_t magic;
    uint32_t version;
    uint32_t lane;
    uint32_t owner;       /* enum dp_lane_owner */
    uint32_t tid;         /* of the owner, or of the last one */
    uint32_t threads;     /* threads that have owned it */
    char thread_name[16];
    uint64_t thread_start_ns;
    uint64_t slow_paths;  /* calls opened and ended, and gates that opened for less */
    uint64_t gated;
    uint64_t lost[DP_LOSS_COUNT];
    uint64_t file_bytes;  /* bytes of this file that are allocated */
    uint64_t arena_used;  /* offset of the first free byte */
    struct dp_open_calls open;
    uint64_t frames_top;
    struct dp_lane_frame frames[DP_LANE_FRAMES];
    /* Offset of the page of sites [i * DP_LANE_SITE_PAGE, …), 0: none. A page is
     * uint32_t[DP_LANE_SITE_PAGE]: the offset of each site's dp_site_stats. */
    uint32_t site_pages[DP_MAX_SITES / DP_LANE_SITE_PAGE];
    /* Open calls of this lane that have lost their frame, minus the calls without a frame
     * that have ended on it. The sum over all lanes is the number of open calls without a
     * frame. */
    int64_t forgotten;
};

/*
 * Two arrays of uint64_t[DP_MAX_COUNTED] follow the struct at fixed offsets: calls by count
 * slot since the lane's start, and how many of them are already in `calls` events. Then
 * comes the arena, which holds everything that offsets point to. A file is sparse where
 * nothing was counted.
 */
#define DP_LANE_COUNTS_OFFSET 16384
#define DP_LANE_REPORTED_OFFSET (DP_LANE_COUNTS_OFFSET + DP_MAX_COUNTED * 8)
#define DP_LANE_ARENA_OFFSET (DP_LANE_REPORTED_OFFSET + DP_MAX_COUNTED * 8)

DP_ABI_ASSERT(sizeof(struct dp_lane_state) <= DP_LANE_COUNTS_OFFSET);

#endif
