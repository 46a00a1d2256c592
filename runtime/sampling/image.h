/*
 * A module as it lies in memory: its ELF header and program headers, its build-id, and where
 * its unwind tables are. Everything is read with dp_os_read_memory(): the module may be unmapped
 * meanwhile, and its contents may be nonsense.
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
    uint64_t start, end;           /* of all segments */
    uint64_t code_start, code_end; /* of the executable segments */
    uint64_t frame_header;         /* address of .eh_frame_hdr; 0: none */
    uint64_t fingerprint;          /* of its first page: differs between two modules */
    uint32_t build_id_bytes;
    uint8_t build_id[DP_BUILD_ID_BYTES];
};

/* Reads the image whose ELF header is at `header`. False: there is none. */
bool dp_image_read(uint64_t header, struct dp_image *image);

/* Asks the loader, without its lock, which image has `address`. Fills in the image and its path
 * (at most path_bytes with the NUL; "" when the loader has none). False: the loader does not
 * know, or libc has no function for it. */
bool dp_image_from_loader(uint64_t address, struct dp_image *image, char *path,
                          size_t path_bytes);

/* Finds the .eh_frame of an image. In a static program nothing may point to the section: then
 * the image's memory is searched. False: it has none. */
bool dp_image_frames(const struct dp_image *image, struct dp_frames *frames);

/* A dp_walk_read: dp_os_read_memory(). */
bool dp_image_read_memory(void *context, uint64_t address, void *to, size_t bytes);

#endif
