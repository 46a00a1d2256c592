/*
 * A module as it lies in memory: its ELF header and program headers, its identity, and where
 * it describes its frames. All of it is read by dp_os_read_memory(): it may be unmapped
 * meanwhile, and may be nonsense.
 */
#ifndef DP_IMAGE_H
#define DP_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "modules.h"
#include "table_build.h"

struct dp_image {
    uint64_t header;               /* address of the ELF header; 0: not in memory */
    uint64_t bias;
    uint64_t start, end;           /* of all its segments */
    uint64_t code_start, code_end; /* of those that are executed */
    uint64_t frame_header;         /* address of .eh_frame_hdr; 0: none */
    uint64_t fingerprint;          /* of its first page: two modules at one place differ in it */
    uint32_t build_id_bytes;
    uint8_t build_id[DP_BUILD_ID_BYTES];
};

/* The image whose ELF header is at `header`. False: there is none. */
bool dp_image_read(uint64_t header, struct dp_image *image);

/* The image that the loader says `address` is in, without its lock; its path, at most
 * path_bytes with the NUL, "" where the loader has none. False: it does not know, or cannot
 * be asked. */
bool dp_image_from_loader(uint64_t address, struct dp_image *image, char *path,
                          size_t path_bytes);

/* Where an image describes its frames. A static program may have the section without anything
 * that leads to it: then its memory is looked through. False: nowhere. */
bool dp_image_frames(const struct dp_image *image, struct dp_frames *frames);

/* A dp_walk_read: dp_os_read_memory(). */
bool dp_image_read_memory(void *context, uint64_t address, void *to, size_t bytes);

#endif
