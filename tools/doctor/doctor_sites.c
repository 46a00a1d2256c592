/* See doctor_sites.h. */
#include "doctor_sites.h"

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include <deep_profile/abi/gate.h>

#include "base/memory.h"
#include "common/rules.h"
#include "common/spelling.h"

struct pointer {
    uint64_t address;
    uint64_t value;
};

/* A program file as it is laid out in memory. */
struct image {
    Elf *elf;
    struct pointer *pointers; /* sections that are loaded, by address */
    size_t n;
    size_t capacity;
};

/* `size` bytes at an address; NULL if no section contains them. */
static const char *bytes_at(const struct image *image, uint64_t address, uint64_t *size)
{
    Elf_Scn *section = NULL;

    while ((section = elf_nextscn(image->elf, section))) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_ALLOC) ||
            header.sh_type == SHT_NOBITS || address < header.sh_addr ||
            address - header.sh_addr >= header.sh_size)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        uint64_t offset = address - header.sh_addr;
        if (!data || !data->d_buf || offset >= data->d_size)
            return NULL;
        *size = data->d_size - offset;
        return (const char *)data->d_buf + offset;
    }
    return NULL;
}

static int by_address(const void *a, const void *b)
{
    const struct pointer *x = a, *y = b;

    return x->address < y->address ? -1 : x->address > y->address;
}

static uint64_t pointer_at(const struct image *image, uint64_t address)
{
    const struct pointer key = {.address = address};
    const struct pointer *found =
        image->n ? bsearch(&key, image->pointers, image->n, sizeof key, by_address) : NULL;
    uint64_t size, value = 0;

    if (found)
        return found->value;
    const char *bytes = bytes_at(image, address, &size);
    if (bytes && size >= sizeof value)
        memcpy(&value, bytes, sizeof value);
    return value;
}

/* 0: nothing is there. */
static uint32_t word_at(const struct image *image, uint64_t address)
{
    uint64_t size;
    uint32_t value = 0;
    const char *bytes = bytes_at(image, address, &size);

    if (bytes && size >= sizeof value)
        memcpy(&value, bytes, sizeof value);
    return value;
}

static void read_pointers(struct image *image)
{
    Elf_Scn *section = NULL;

    while ((section = elf_nextscn(image->elf, section))) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        size_t n = data && header.sh_entsize ? header.sh_size / header.sh_entsize : 0;
        for (size_t i = 0; i < n && i <= INT32_MAX; i++) {
            GElf_Rela rela;
            if (!gelf_getrela(data, (int)i, &rela))
                break;
            if (GELF_R_TYPE(rela.r_info) != R_X86_64_RELATIVE)
                continue;
            image->pointers =
                dp_grow(image->pointers, &image->capacity, image->n + 1, sizeof *image->pointers);
            image->pointers[image->n++] = (struct pointer){rela.r_offset, (uint64_t)rela.r_addend};
        }
    }
    if (image->n > 0)
        qsort(image->pointers, image->n, sizeof *image->pointers, by_address);
}

static void add_function(struct dp_doctor *doctor, const struct image *image, uint64_t site)
{
    uint64_t desc = pointer_at(image, site + offsetof(struct dp_site, desc)), size;
    uint64_t name = pointer_at(image, desc + offsetof(struct dp_site_desc, function));
    const char *text = desc && name ? bytes_at(image, name, &size) : NULL;

    if (!text || !memchr(text, '\0', size))
        return;
    dp_doctor_function(doctor, text);
    uint32_t flags = word_at(image, desc + offsetof(struct dp_site_desc, flags));
    uint32_t gate = word_at(image, desc + offsetof(struct dp_site_desc, abi));
    doctor->n_whole_program += (flags & DP_SITE_WHOLE_PROGRAM) != 0;
    if (gate != DP_ABI_VERSION) {
        doctor->n_other_gate++;
        doctor->other_gate = gate;
    }
}

void dp_doctor_sites(struct dp_doctor *doctor, Elf *elf, uint64_t address, uint64_t bytes)
{
    struct image image = {.elf = elf};

    read_pointers(&image);
    for (uint64_t at = 0; at + sizeof(struct dp_site) <= bytes; at += sizeof(struct dp_site))
        add_function(doctor, &image, address + at);
    free(image.pointers);
}

static bool names_a_function(const struct dp_doctor *doctor, const struct dp_rule *rule)
{
    for (size_t i = 0; i < doctor->n_functions; i++)
        if (dp_rule_matches(rule, doctor->functions[i]))
            return true;
    return false;
}

/* The name that was probably meant; "": no name is similar. */
static const char *meant_by(const struct dp_doctor *doctor, struct dp_word pattern)
{
    struct dp_name *names = dp_allocate(doctor->n_functions + 1, sizeof *names);

    for (size_t i = 0; i < doctor->n_functions; i++)
        names[i].name = doctor->functions[i];
    const char *nearest = dp_nearest_name(names, pattern);
    free(names);
    return nearest ? nearest : "";
}

void dp_doctor_rules(struct dp_doctor *doctor, const char *text)
{
    static struct dp_rules rules; /* large */

    dp_rules_parse(text, &rules);
    for (size_t i = 0; doctor->n_functions > 0 && i < rules.count; i++) {
        if (names_a_function(doctor, &rules.rules[i]))
            continue;
        const char *meant = meant_by(doctor, rules.rules[i].pattern);
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, "environment",
                       "rule '%.*s' of DEEP_PROFILE names no function of what was looked at%s%s%s "
                       "(name the libraries, too, if it is in one)",
                       (int)rules.rules[i].text.length, rules.rules[i].text.text,
                       *meant ? "; did you mean '" : "", meant, *meant ? "'?" : "");
    }
}
