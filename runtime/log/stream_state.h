/* The state of one stream: what its owner, the steward and the sink share. */
#ifndef DP_STREAM_STATE_H
#define DP_STREAM_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "deep_profile/abi/log.h"

/* A file of packets, and the packet that is being written. */
struct dp_stream {
    struct dp_packet *packet; /* mapped; NULL: none, the next record makes one */
    uint32_t position;        /* where the next record starts */
    uint32_t limit;           /* records may not go beyond this yet, see prepare.h */
    uint32_t packet_bytes;    /* 0 while there is no packet */
    uint32_t mapped_bytes;
    uint64_t last_ns;         /* time of the last record in this packet, or of the packet's begin */
    uint64_t retry_ns;        /* until then no packet is requested; `retry_loss` says why */
    uint32_t retry_loss;      /* enum dp_loss */
    uint64_t asked_ns;        /* time of the record that needs the packet */
    uint64_t records;         /* in this packet */
    uint64_t closed_records;  /* in all earlier packets */
    uint64_t discarded;
    uint64_t sequence;
    uint64_t offset;          /* of the packet in its segment */
    uint64_t segment_bytes;
    uint32_t next_bytes;      /* size of the next packet */
    uint32_t segment;         /* number of the current file */
    uint32_t given_up;        /* number of files that somebody cut, and of records in them */
    uint32_t lane;            /* DP_RUNTIME_LANE: the process's stream */
    uint32_t tid;
    bool open;                /* a segment exists */
    bool ruined;              /* the mapping's file was cut short */
    bool parents;             /* inherited from the parent: do not write */
    char thread_name[16];
    /* Shared by owner and steward, see prepare.c. */
    _Atomic uint64_t ready;   /* end of the pages that are there; packet number in the upper half */
    _Atomic uint32_t preparing;
    uint32_t position_seen;   /* `position` that the steward saw a tick ago */
    uint32_t left_bytes;
    void *left;               /* a mapping that the steward has to unmap */
};

#define DP_RUNTIME_LANE UINT32_MAX

#endif
