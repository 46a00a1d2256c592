/*
 * Repairs one stream of a log whose process has ended, so that every reader of CTF reads
 * exactly what was committed.
 *
 * Packets end at their last whole record; what cannot be read between two packets with
 * data becomes empty packets; the file ends with its last packet with data. A second
 * repair changes nothing.
 */
#ifndef DP_TOOLS_REPAIR_STREAM_H
#define DP_TOOLS_REPAIR_STREAM_H

#include "files.h"
#include "log_open.h"

/* A repair and its results. Starts zeroed except for `log`. */
struct dp_repair {
    struct dp_log *log;
    bool only_look; /* what would be done: nothing is written, and nothing printed */
    const char *file;
    struct dp_edit edit;
    uint64_t packets;    /* end at their last whole record now */
    uint64_t completed;  /* files that ended inside a packet */
    uint64_t replaced;   /* packets in the middle that are empty now */
    uint64_t removed;    /* prepared and empty, at the end */
    uint64_t lost_bytes; /* committed, but not there or not readable */
    bool metadata;       /* written again */
    struct dp_problem problem;
};

/* `name` is one of the log's streams. False: repair->problem says what failed. */
bool dp_repair_stream(struct dp_repair *repair, const char *name);

#endif
