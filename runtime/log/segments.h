/*
 * Segments: the files of packets of all streams, in order of creation, with their sizes on
 * the disk. Here the size limit is enforced. At the limit either nothing more is written,
 * or the oldest closed segment is removed (the flight recorder). Any thread, at any point
 * of the host's program: the list's lock is held for a few stores with signals blocked.
 */
#ifndef DP_SEGMENTS_H
#define DP_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

struct dp_segment {
    uint32_t lane; /* DP_RUNTIME_LANE: the process's stream */
    uint32_t number;
    uint64_t bytes;
    uint64_t records;
    bool closed;
};

/* Before any stream is used; the settings are read here. */
void dp_segments_init(void);
/* In a forked child: forgets the parent's files. */
void dp_segments_reset(void);

/* The name of a segment's file in the log's directory. */
#define DP_SEGMENT_NAME 64
void dp_segment_name(char name[DP_SEGMENT_NAME], uint32_t lane, uint32_t number);

/* The largest packet; and the largest segment. Both are small enough, a part in
 * DP_STREAM_SHARE of the size limit, that the flight recorder forgets in fine steps and has
 * closed segments to remove. */
#define DP_STREAM_SHARE 16
uint64_t dp_segments_packet_limit(void);
uint64_t dp_segments_file_limit(void);

/* Adds a new, empty segment. */
void dp_segments_add(uint32_t lane, uint32_t number);
/* The segment has `bytes` and `records` more, or fewer, on the disk. */
void dp_segments_note(uint32_t lane, uint32_t number, int64_t bytes, int64_t records,
                      bool closed);
/* A copy of the segment; zeros if it is not known. */
struct dp_segment dp_segments_find(uint32_t lane, uint32_t number);

/* Makes room for `bytes` of a lane within the size limit. DP_SEGMENTS_ROOM: there is room, and it
 * is promised to the caller, who ends the promise when dp_segments_note() has it or nothing came
 * of it. DP_SEGMENTS_FULL: the setting forbids removing any segment. DP_SEGMENTS_ALL_OPEN: every
 * segment is still being written. */
enum dp_segments_room { DP_SEGMENTS_ROOM, DP_SEGMENTS_FULL, DP_SEGMENTS_ALL_OPEN };
enum dp_segments_room dp_segments_make_room(uint64_t bytes);
void dp_segments_end_promise(uint64_t bytes);

/* The process's stream gets 1/DP_STREAM_PROCESS_SHARE of the size limit. */
#define DP_STREAM_PROCESS_SHARE 16

uint64_t dp_segments_bytes(void);       /* on disk now, all streams */
uint64_t dp_segments_overwritten(void); /* records in removed segments */

#endif
