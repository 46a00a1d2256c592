/*
 * Which modules and which other code the process has mapped now. For modules.c; allocates
 * nothing, takes no lock.
 */
#ifndef DP_MAPPED_H
#define DP_MAPPED_H

#include "image.h"
#include "maps.h"

/* What is found goes to the two functions, which are set by the caller. The rest is state of a
 * running search, too large for a stack. */
struct dp_mapped {
    /* The path is valid during the call, and not NUL-terminated. */
    void (*image_found)(const struct dp_image *image, const char *path, size_t path_bytes);
    /* Executable memory without a file, or of a file that is no ELF image. */
    void (*code_found)(uint64_t start, uint64_t end);

    char maps[DP_MAPS_BUFFER_BYTES];
    char path[4097];
    /* The mapping that has the ELF header of the file being read, and what the header says. */
    uint64_t header, header_inode;
    uint32_t device_major, device_minor;
    struct dp_image image;
    bool is_image;
};

/* All that /proc shows, in ascending order. -errno when the kernel does not show it. */
int64_t dp_mapped_list(struct dp_mapped *mapped);

/* The module that has `address`, if the loader knows it. 0: none. */
void dp_mapped_ask_loader(struct dp_mapped *mapped, uint64_t address);

/* The vDSO and the program, whose addresses are in the auxiliary vector. */
void dp_mapped_ask_kernel(struct dp_mapped *mapped);

#endif
