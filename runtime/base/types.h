/*
 * Glossary: the runtime's own structures, and who may touch them.
 *
 *     site     an annotated function; struct dp_site is the code's side of it,
 *              struct dp_site_state ours
 *     kind     one of the six attributes, as bit 1u << enum dp_attribute
 *     opened   a call that the gate let through; it is profiled for some kinds
 *     lane     what one thread at a time writes to: mapped state and a stream
 *     stream   packets of the log, written by one thread (or under a lock)
 *     frame    an opened call of a thread that has not been left yet
 *     own      of a stack: the one that the thread was started on, in contrast to
 *              those of coroutines and signal handlers (stacks.h)
 *     steward  the one background thread
 */
#ifndef DP_TYPES_H
#define DP_TYPES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event_json.h"
#include "deep_profile/abi/gate.h"
#include "deep_profile/abi/log.h"
#include "common/options.h"
#include "deep_profile/abi/site.h"
#include "deep_profile/abi/state.h"

#define DP_LIKELY(x) __builtin_expect(!!(x), 1)
#define DP_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define DP_KIND(attribute) (1u << DP_ATTRIBUTE_##attribute)
#define DP_PATH_MAX 4096
/* On variables of the hot path: no way through the GOT. */
#define DP_HIDDEN __attribute__((visibility("hidden")))

/* Between code and signal handlers of one thread. */
#define DP_COMPILER_BARRIER() atomic_signal_fence(memory_order_seq_cst)

/* Memory this thread has allocated and freed since it was first seen. */
struct dp_memory_counts {
    uint64_t allocated_bytes;
    uint64_t freed_bytes;
    uint64_t allocations;
    uint64_t frees;
    int64_t live_bytes;
    int64_t peak_bytes; /* highest live_bytes since the innermost counted call began */
};

/* The private side of an open call; state->frames has the public one. */
struct dp_frame {
    uint64_t child_ns; /* inside opened calls below */
    uintptr_t stack;   /* where the call's frame lies, to see what a longjmp left */
};

/* A frame's memory, where it is counted. */
struct dp_memory_frame {
    _Atomic uint64_t capped_ns; /* start of the call whose gathering ended with `at_cap` */
    struct dp_memory_counts before;
    struct dp_memory_counts at_cap;
};

/* A file of packets, and the packet that is being written. */
struct dp_stream {
    struct dp_packet *packet; /* mapped; NULL: none, the next record makes one */
    uint32_t position;        /* where the next record starts */
    uint32_t limit;           /* records go no further yet, see prepare.h */
    uint32_t packet_bytes;    /* 0 while there is no packet */
    uint32_t mapped_bytes;
    uint64_t last_ns;         /* time of the last record in this packet, or of its begin */
    uint64_t retry_ns;        /* until then no packet can be had, for `retry_loss` */
    uint32_t retry_loss;      /* enum dp_loss */
    uint64_t asked_ns;        /* time of the record that asks for room */
    uint64_t records;         /* in this packet */
    uint64_t closed_records;  /* in all packets before it */
    uint64_t discarded;
    uint64_t sequence;
    uint64_t offset;          /* of the packet in its segment */
    uint64_t segment_bytes;
    uint32_t next_bytes;      /* size of the next packet */
    uint32_t segment;         /* number of the current file */
    uint32_t given_up;        /* files that somebody cut, and what was in them */
    uint32_t lane;            /* DP_RUNTIME_LANE: the process's own stream */
    uint32_t tid;
    bool open;                /* a segment exists */
    bool ruined;              /* the mapping's file was cut short */
    bool parents;             /* in a forked child: not to be gone on with */
    char thread_name[16];
    /* Of owner and steward, see prepare.c. */
    _Atomic uint64_t ready;   /* the packet's pages are there up to here; its number above */
    _Atomic uint32_t preparing;
    uint32_t position_seen;   /* by the steward, a tick ago */
    uint32_t left_bytes;
    void *left;               /* a mapping that the steward unmaps */
};

#define DP_RUNTIME_LANE UINT32_MAX

/* What adds up over lanes. */
struct dp_lane_sums {
    uint64_t lost[DP_LOSS_COUNT];
    uint64_t slow_paths;
    uint64_t gated;
    int64_t forgotten;
};

/* The private side of a lane. Owned by one thread; the steward reads frames. */
struct dp_lane {
    /* Not 0: the owner is inside the runtime, its stack there (with DP_PLAIN_CALL).
     * A signal handler keeps out. */
    volatile uintptr_t busy;
    uint32_t index;
    struct dp_lane_state *state;  /* NULL: nobody has it, and it is not mapped */
    struct dp_lane_state *mapped; /* the same, from before the first store to after the last */
    struct dp_site_stats **stats; /* by site; NULL: not made yet */
    uint64_t random;
    struct dp_stream stream;
    struct dp_memory_counts memory;
    uintptr_t stack_low; /* the owner's own stack; 0 bytes: it is not known */
    size_t stack_bytes;
    size_t state_bytes;
    uint64_t own_bytes; /* of the budget, while the state is mapped */
    uint64_t retry_stats_ns; /* until then there is no room for more aggregates */
    struct dp_lane *next_free;
    uint64_t free_since_ns;
    bool has_file;
    _Atomic bool owned; /* by a thread: stream.tid; `owner` in the file may be cut off */
    bool spoiled; /* its file was cut or taken away while it was not mapped */
    struct dp_lane_sums kept; /* while `state` is NULL */
    struct dp_frame frames[DP_LANE_FRAMES + 1]; /* of state->frames[i]: frames[i + 1] */
    struct dp_memory_frame memory_frames[DP_LANE_FRAMES];
    /* Of other threads, too, apart from what the owner writes all the time; see stacks.c. */
    _Alignas(64) _Atomic uint64_t forgotten_until_ns; /* no call that began by then has a frame */
    _Atomic uint32_t visitors; /* threads that look at `state` */
};

/* In `busy`: reached by a plain call, not by a thunk. */
#define DP_PLAIN_CALL UINT64_C(1)

/* dp_lane_frame.kinds */
#define DP_FRAME_BY_CHANCE (1u << 31)

enum dp_mode {
    DP_MODE_UNKNOWN,  /* no module has been loaded yet */
    DP_MODE_OFF,
    DP_MODE_ON,
    DP_MODE_FINISHED, /* the process is ending: nothing more is profiled */
};

#endif
