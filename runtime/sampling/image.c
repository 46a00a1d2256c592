/* See image.h. */
#include "image.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/os.h"
#include "cfi.h"
#include "cfi_search.h"
#include "cursor.h"
#include "processor.h"

/* The kernel accepts no program whose program headers lie further back. */
#define HEAD_BYTES 4096
#define MOST_SEGMENTS 64
#define NOTES_BYTES 1024

union head {
    Elf64_Ehdr elf;
    uint8_t bytes[HEAD_BYTES];
};

bool dp_image_read_memory(void *context, uint64_t address, void *to, size_t bytes)
{
    (void)context;
    return dp_os_read_memory(address, to, bytes);
}

static bool is_ours(const Elf64_Ehdr *elf)
{
    return memcmp(elf->e_ident, ELFMAG, SELFMAG) == 0 && elf->e_ident[EI_CLASS] == ELFCLASS64 &&
           elf->e_ident[EI_DATA] == ELFDATA2LSB && elf->e_machine == dp_processor.machine &&
           (elf->e_type == ET_EXEC || elf->e_type == ET_DYN) &&
           elf->e_phentsize == sizeof(Elf64_Phdr) && elf->e_phnum > 0 &&
           elf->e_phnum <= MOST_SEGMENTS;
}

/* Reads the notes of a segment for GNU's build-id: a name of four bytes, then the id. */
static void take_build_id(struct dp_image *image, uint64_t address, uint64_t bytes)
{
    uint8_t notes[NOTES_BYTES];
    size_t length = bytes < sizeof notes ? (size_t)bytes : sizeof notes;
    if (image->build_id_bytes || !dp_os_read_memory(address, notes, length))
        return;
    struct dp_cursor all = {notes, notes + length, address + length, false};
    while (dp_cursor_left(&all) >= sizeof(Elf64_Nhdr)) {
        uint64_t name_bytes = dp_cursor_fixed(&all, 4), id_bytes = dp_cursor_fixed(&all, 4);
        uint64_t type = dp_cursor_fixed(&all, 4);
        struct dp_cursor name = dp_cursor_part(&all, (name_bytes + 3) & ~UINT64_C(3));
        struct dp_cursor id = dp_cursor_part(&all, (id_bytes + 3) & ~UINT64_C(3));
        if (id.bad || name.bad)
            return;
        if (type == NT_GNU_BUILD_ID && name_bytes == 4 && memcmp(name.at, "GNU", 4) == 0 &&
            id_bytes <= DP_BUILD_ID_BYTES) {
            image->build_id_bytes = (uint32_t)id_bytes;
            memcpy(image->build_id, id.at, id_bytes);
            return;
        }
    }
}

static void widen(uint64_t *start, uint64_t *end, uint64_t low, uint64_t high)
{
    if (*end == 0 || low < *start)
        *start = low;
    if (high > *end)
        *end = high;
}

static void take_segment(struct dp_image *image, const Elf64_Phdr *segment)
{
    uint64_t start = image->bias + segment->p_vaddr, end = start + segment->p_memsz;
    if (segment->p_type == PT_LOAD && end > start) {
        widen(&image->start, &image->end, start, end);
        if (segment->p_flags & PF_X)
            widen(&image->code_start, &image->code_end, start, end);
    } else if (segment->p_type == PT_GNU_EH_FRAME) {
        image->frame_header = start;
    } else if (segment->p_type == PT_NOTE) {
        take_build_id(image, start, segment->p_memsz);
    }
}

/* The segment with the file's first byte gives the bias, so all are read before it is known. */
static bool take_segments(struct dp_image *image, const Elf64_Phdr *segments, unsigned count)
{
    bool has_first = false;
    for (unsigned i = 0; i < count && !has_first; i++) {
        has_first = segments[i].p_type == PT_LOAD &&
                    segments[i].p_offset < dp_os_page_bytes();
        if (has_first)
            image->bias = image->header - (segments[i].p_vaddr - segments[i].p_offset);
    }
    for (unsigned i = 0; i < count && has_first; i++)
        take_segment(image, &segments[i]);
    return has_first && image->code_end > image->code_start;
}

bool dp_image_read(uint64_t header, struct dp_image *image)
{
    union head head;
    Elf64_Phdr segments[MOST_SEGMENTS];
    memset(image, 0, sizeof *image);
    if (!dp_os_read_memory(header, &head, sizeof head) || !is_ours(&head.elf))
        return false;
    uint64_t bytes = head.elf.e_phnum * sizeof *segments;
    image->header = header;
    image->fingerprint = XXH64(&head, sizeof head, 0);
    if (head.elf.e_phoff <= sizeof head && bytes <= sizeof head - head.elf.e_phoff)
        memcpy(segments, head.bytes + head.elf.e_phoff, bytes);
    else if (!dp_os_read_memory(header + head.elf.e_phoff, segments, bytes))
        return false;
    return take_segments(image, segments, head.elf.e_phnum);
}

/* ---- the loader ---- */

#ifdef DLFO_STRUCT_HAS_EH_DBASE /* since glibc 2.35; absent at run time, too, where libc is older */
__attribute__((weak)) int _dl_find_object(void *address, struct dl_find_object *found);

static void read_text(uint64_t address, char *text, size_t capacity)
{
    size_t length = 0;
    while (length + 1 < capacity && dp_os_read_memory(address + length, &text[length], 1) &&
           text[length])
        length++;
    text[length] = 0;
}

bool dp_image_from_loader(uint64_t address, struct dp_image *image, char *path,
                          size_t path_bytes)
{
    struct dl_find_object found;
    struct link_map map;
    path[0] = 0;
    if (!_dl_find_object || _dl_find_object((void *)(uintptr_t)address, &found) != 0 ||
        !dp_os_read_memory((uintptr_t)found.dlfo_link_map, &map, sizeof map))
        return false;
    read_text((uintptr_t)map.l_name, path, path_bytes);
    if (dp_image_read((uintptr_t)found.dlfo_map_start, image))
        return true;
    /* The program headers do not follow the ELF header, as in files that a tool has edited. */
    memset(image, 0, sizeof *image);
    image->bias = map.l_addr;
    image->start = image->code_start = (uintptr_t)found.dlfo_map_start;
    image->end = image->code_end = (uintptr_t)found.dlfo_map_end;
    image->frame_header = (uintptr_t)found.dlfo_eh_frame;
    image->fingerprint = image->bias;
    return true;
}
#else
bool dp_image_from_loader(uint64_t address, struct dp_image *image, char *path,
                          size_t path_bytes)
{
    (void)address, (void)image, (void)path_bytes;
    path[0] = 0;
    return false;
}
#endif

/* ---- frames ---- */

/* .eh_frame_hdr says where .eh_frame begins and how many functions it has. The section ends at
 * its end mark, or at the end of its segment. */
static bool frames_by_header(const struct dp_image *image, struct dp_frames *frames)
{
    enum { VERSION = 1, OMITTED = 0xff };
    uint8_t bytes[32];
    uint64_t at = image->frame_header;
    if (!at || !dp_os_read_memory(at, bytes, sizeof bytes) || bytes[0] != VERSION)
        return false;
    struct dp_cursor cursor = {bytes + 4, bytes + sizeof bytes, at + sizeof bytes, false};
    uint64_t section = dp_cfi_pointer(&cursor, bytes[1], at);
    uint64_t functions = bytes[2] == OMITTED ? 0 : dp_cfi_pointer(&cursor, bytes[2], at);
    if (cursor.bad || section < image->start || section >= image->end)
        return false;
    *frames = (struct dp_frames){image->code_start, image->code_end, section, image->end,
                                 functions < UINT32_MAX ? (uint32_t)functions : 0};
    return true;
}

bool dp_image_frames(const struct dp_image *image, struct dp_frames *frames)
{
    if (frames_by_header(image, frames))
        return true;
    if (!image->header || image->frame_header)
        return false;
    *frames = (struct dp_frames){.code_start = image->code_start, .code_end = image->code_end,
                                 .section_end = image->end};
    frames->section = dp_cfi_search(&(struct dp_cfi_search){
        image->start, image->end, image->code_start, image->code_end, dp_image_read_memory, NULL});
    return frames->section != 0;
}
