/*
 * Writes logs byte for byte from the same headers as the runtime, so that the
 * tests know exactly what is in them: each record, and where it ends.
 *
 * Used by make_log (whose logs the tool and babeltrace2 read) and by the unit
 * tests of the readers. Ends the program when it cannot write.
 */
#ifndef TESTS_FORMAT_LOG_WRITER_H
#define TESTS_FORMAT_LOG_WRITER_H

#include <stdbool.h>
#include <stdio.h>

#include "common/metadata.h"
#include <deep_profile/abi/state.h>

#define PACKET       4096
#define OFFSET_NS    UINT64_C(1760000000000000000)
#define START_NS     UINT64_C(1000000000000)
#define RUNTIME_LANE (-1)

/* One record as it was written. */
struct expected {
    uint32_t id;
    uint32_t tid;
    uint64_t time_ns;
    int64_t lane;
    char file[32];
    uint64_t end; /* offset in the file of the byte behind it */
    uint32_t payload_bytes;
    uint8_t payload[600];
};

struct writer {
    const char *directory;
    struct expected expected[4096];
    size_t n_expected;
};

/* One file of one lane, written packet by packet. */
struct stream {
    struct writer *writer;
    char name[32];
    int64_t lane;
    FILE *file;
    uint8_t packet[PACKET];
    uint64_t offset; /* of the packet in the file */
    uint64_t at;     /* in the packet; 0: no packet begun */
    uint64_t time_ns;
    uint64_t sequence;
    uint32_t tid;
};

extern const uint8_t writer_uuid[16];

void writer_start(struct writer *writer, const char *directory);
void writer_metadata(struct writer *writer, const char *program, uint32_t pid);

void stream_open(struct stream *stream, struct writer *writer, int64_t lane, unsigned segment);
void stream_packet(struct stream *stream, uint64_t begin_ns, uint32_t tid, const char *thread);
/* Appends a record; compact when its time allows and `wide` does not forbid. */
void stream_record(struct stream *stream, uint32_t id, uint64_t time_ns, const void *payload,
                   uint32_t bytes, bool wide);
/* A `call` or `production` record. */
void stream_call(struct stream *stream, uint32_t id, uint64_t time_ns, uint32_t site,
                 uint32_t duration_ns);
/* Fixed fields and then texts, ended by NULL. */
void stream_texts(struct stream *stream, uint32_t id, uint64_t time_ns, const void *fixed,
                  uint32_t bytes, ...);
/* Prepared, empty packets at the end. */
void stream_prepared(struct stream *stream, unsigned n);
void stream_close(struct stream *stream);

/* The scenarios: each writes a log into `directory`, which it makes. */
struct scenario {
    const char *name;
    void (*write)(struct writer *writer);
    const char *what;
};

extern const struct scenario scenarios[]; /* ended by a NULL name */

#endif
