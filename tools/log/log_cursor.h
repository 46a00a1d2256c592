/*
 * Reads one lane's records, through its segments, in the order in which they
 * were written.
 *
 * Nothing past a packet's committed size is read, and a record counts only when all
 * of it is there. Nothing is allocated per record. A cursor that has reached the end
 * can be asked again later: it continues with what the writer has added since.
 *
 * Before its first record it lists the log's streams again (dp_log_refresh()) where those
 * that were listed are gone: of a flight recorder whose segments live for milliseconds.
 *
 * While it reads, the writer adds packets; it shortens the last packet of a stream when
 * its thread ends, cuts the file behind it, and goes on there; the flight recorder
 * removes segments. None of that is damage, and what was committed when a segment was
 * opened is read.
 */
#ifndef DP_TOOLS_LOG_CURSOR_H
#define DP_TOOLS_LOG_CURSOR_H

#include "damage.h"
#include "log_packet.h"
#include "log_window.h"

struct dp_cursor {
    struct dp_log *log;
    int64_t lane;
    char name[48]; /* of the segment's file; "": none yet */
    uint64_t segment;
    bool gone; /* a segment that was listed had been removed */
    uint64_t probed; /* damage of later segments below this one has been noted */
    struct dp_file *file;    /* of the segment; NULL: none yet */
    struct dp_window window; /* of committed bytes */
    uint64_t packet;       /* offset of the current packet */
    uint64_t packet_bytes; /* 0: none yet; the writer may shorten it */
    uint64_t at;           /* offset of the next record, before alignment */
    uint64_t end;          /* committed, and in the file */
    bool broken;           /* the rest of the packet cannot be read */
    uint64_t damaged_to;   /* damage before this offset has been noted */
    uint64_t time_ns;
    uint64_t discarded; /* by the lane, as the packet says */
    uint32_t tid;
    char thread_name[sizeof(((struct dp_packet *)0)->thread_name) + 1];
    uint64_t read_bytes; /* of files that are finished, for progress */
    struct dp_damage damage;
};

void dp_cursor_start(struct dp_cursor *cursor, struct dp_log *log, int64_t lane);

/* False: no more records for now. The record is valid until the next call. */
bool dp_cursor_next(struct dp_cursor *cursor, struct dp_record *record);

/* Bytes of the lane's files that have been read. */
uint64_t dp_cursor_position(const struct dp_cursor *cursor);

void dp_cursor_finish(struct dp_cursor *cursor);

#endif
