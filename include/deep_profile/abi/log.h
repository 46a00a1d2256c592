/*
 * The log: what the runtime writes and the reader reads.
 *
 * A log is a directory. It is a CTF 1.8 trace as it lies:
 *
 *     log       := metadata stream* state/
 *     metadata  := TSDL text, generated from this file and ../events.def
 *     stream    := packet+            files "stream-LANE-SEGMENT", "runtime-SEGMENT"
 *     packet    := dp_packet record* padding        at most DEEP_PROFILE_PACKET_SIZE
 *     record    := compact | wide
 *     compact   := dp_compact_header payload
 *     wide      := dp_wide_header payload
 *     payload   := struct dp_event_* { array } { text NUL }
 *     state/    := process lane-NNNN  not CTF: live aggregates, see state.h
 *
 * "runtime" is the stream of the process itself (sites, settings, load, loss,
 * clock); the others belong to lanes, which threads borrow (a packet names its
 * thread). Every record starts at a multiple of DP_RECORD_ALIGN bytes.
 *
 * Commit protocol: the writer fills a record, then stores the packet's
 * content_size_bits with release order. A reader loads it with acquire order
 * and trusts nothing past it. A packet holds one thread's records in order of
 * time. The last packets of a stream may be prepared and empty; our runtime makes
 * a packet when its first record comes.
 *
 * What babeltrace2 2.0 needs to read a log as it lies (tried):
 *  - content_size_bits ends with the last record's own last byte; padding up to
 *    the next record's start is not content (else: "Cannot handle state").
 *  - A packet's timestamp_begin is at or after the last record of the packet
 *    before it in the file. That of a prepared, empty packet is
 *    DP_PACKET_EMPTY_TIME: 0 goes back in time, ~0 trips an assertion. The
 *    writer stores the real one before it commits the first record.
 *  - No bytes after the last packet, and no packet that is all zero: a file
 *    grows by whole packets with their headers. `recover` mends what a kill in
 *    between leaves.
 *  - Nothing helps against one of its own faults: an empty text is shown as that
 *    of an earlier event (mended after 2.0; the log is right, and our reader).
 */
#ifndef DEEP_PROFILE_ABI_LOG_H
#define DEEP_PROFILE_ABI_LOG_H

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "deep-profile's log is little endian: no big-endian processor can write or read it"
#endif

#include <stddef.h>
#include <stdint.h>

#include "site.h"
#include "stack.h"

/* Increases with any change of layout or meaning, here or in events.def. */
#define DP_LOG_VERSION 2

#define DP_PACKET_MAGIC UINT32_C(0xC1FC1FC1) /* CTF 1.8.3, section 5.1 */
#define DP_RECORD_ALIGN 4                    /* in bytes; records are padded to a multiple */

/* timestamp_begin of a prepared packet: later than any time, but still below 2^63 after a
 * wall clock's offset is added. */
#define DP_PACKET_EMPTY_TIME (UINT64_C(1) << 62)

struct dp_packet {
    uint32_t magic;
    uint8_t uuid[16]; /* the trace's: the same in every packet and in metadata */
    uint32_t stream_class; /* 0 */
    /* packet context */
    uint64_t packet_size_bits;
    uint64_t content_size_bits; /* this header included; the commit word */
    uint64_t timestamp_begin;   /* ns; not after the first record; see above */
    uint64_t events_discarded;  /* by this lane since its start */
    uint64_t sequence;          /* of packets within the lane, across segments */
    uint32_t lane;
    uint32_t tid;         /* thread that writes the packet; 0: prepared, empty */
    char thread_name[16]; /* NUL-terminated */
};

DP_ABI_ASSERT(sizeof(struct dp_packet) == 88);
DP_ABI_ASSERT(offsetof(struct dp_packet, content_size_bits) == 32);

/*
 * Event headers, CTF's compact and extended forms. The low 5 bits of the first word are the
 * event id, the other 27 the low bits of the time. The compact form is used when less than
 * 2^27 ns have passed since the previous record (or timestamp_begin) and the id is below 31.
 * Id 31 announces the extended form; ids from 32 on have that form only.
 */
#define DP_ID_BITS 5
#define DP_ID_EXTENDED 31
#define DP_EVENT_IDS 64 /* all ids are below */
#define DP_TIME_BITS 27
#define DP_TIME_MASK ((UINT32_C(1) << DP_TIME_BITS) - 1)

struct dp_wide_header {
    uint32_t extended; /* DP_ID_EXTENDED in the low 5 bits, 0 above */
    uint32_t id;
    uint64_t time_ns;
} __attribute__((packed, aligned(DP_RECORD_ALIGN)));

/* The payload of `call` and `production` is one word with these bits. */
#define DP_CALL_SITE_BITS 12
#define DP_CALL_DURATION_BITS 20

/* Enumerations of the events; DP_ATTRIBUTE_* are in site.h. */
#define DP_ENUMERATION(name, tag) enum tag {
#define DP_VALUE(id, label) DP_##id,
#define DP_ENUMERATION_END(name, count) \
    DP_##count                          \
    }                                   \
    ;
#include "../events.def"

/* struct dp_event_NAME: the fixed fields of each event of events.def. */
#define DP_TYPE_u8 uint8_t
#define DP_TYPE_u32 uint32_t
#define DP_TYPE_i32 int32_t
#define DP_TYPE_u64 uint64_t
#define DP_TYPE_i64 int64_t
#define DP_EVENT(id, name, attributes) struct dp_event_##name {
#define DP_FIELD(type, name, unit, shown) DP_TYPE_##type name;
#define DP_ENUM(enumeration, name, shown) uint32_t name;
#define DP_BITS(bits, name, unit, shown) uint32_t name : bits;
#define DP_EVENT_END(name) \
    }                      \
    __attribute__((packed));
#include "../events.def"

DP_ABI_ASSERT(sizeof(struct dp_event_call) == 4);

enum {
#define DP_EVENT(id, name, attributes) DP_EVENT_ID_##name = id,
#include "../events.def"
};

/* call_wide.flags, call_memory.flags */
#define DP_CALL_CAPPED (1u << 0) /* ran longer than duration=: nothing was gathered after that */

/* slow_operation.flags */
#define DP_SLOW_IN_FLIGHT (1u << 0) /* still running when it was reported */
#define DP_SLOW_EXACT (1u << 1)     /* both ends read from the clock */
#define DP_SLOW_REPORTED (1u << 2)  /* an earlier record reported it in flight */
#define DP_SLOW_AT_LEAST (1u << 3)  /* when it began is not known: it lasts longer than it says */

/* stack.flags: DP_STACK_*, stack.h */

/* sample.flags, thread.flags: why there is no stack. */
#define DP_SAMPLE_MOVED (1u << 0)     /* the thread moved on while it was walked */
#define DP_SAMPLE_UNREADABLE (1u << 1) /* its registers or its memory cannot be read */
#define DP_SAMPLE_NO_SIGNAL (1u << 2) /* it ran, and our signal is blocked, or not ours */
#define DP_SAMPLE_NO_ROOM (1u << 3)   /* the table of stacks is full */

/* allocation.flags */
#define DP_ALLOCATION_NOT_FOLLOWED (1u << 0) /* its release will not be seen */

/* snapshot.flags */
#define DP_SNAPSHOT_BY_SIGNAL (1u << 0) /* DEEP_PROFILE_STACKS_SIGNAL asked for it */
#define DP_SNAPSHOT_CUT (1u << 1)       /* there were more threads than are listed */

/* dp_event_interval.flags */
#define DP_INTERVAL_ABSOLUTE (1u << 0) /* values since the lane's start, not what they grew by */

/* reason.flags */
#define DP_REASON_IN_FLIGHT (1u << 0)   /* the call still ran */
#define DP_REASON_NO_RUNNABLE (1u << 1) /* runnable_ns is not known, and part of blocked_ns */
#define DP_REASON_NO_FAULTS (1u << 2)   /* minor_faults and major_faults are not known */
#define DP_REASON_NO_SWITCHES (1u << 3) /* nor are the switches */

#endif
