/* See dwarf_ranges.h. */
#include "dwarf_ranges.h"
#include "libdwarf_names.h"

#include <stddef.h>

struct sink {
    dp_dwarf_range *add;
    void *context;
    bool some;
};

/* For dropped code, GNU ld writes the address 0 (in a list: 1), lld ~0 or ~0 - 1. */
static void give(struct sink *sink, uint64_t low, uint64_t high)
{
    if (low <= 1 || low >= UINT64_MAX - 1 || low >= high)
        return;
    sink->some = true;
    sink->add(sink->context, low, high);
}

/* .debug_ranges, up to DWARF 4. */
static void old_list(struct sink *sink, Dwarf_Debug debug, Dwarf_Die die, Dwarf_Off offset,
                     uint64_t base)
{
    Dwarf_Ranges *ranges;
    Dwarf_Signed n;
    Dwarf_Unsigned bytes;
    Dwarf_Off real;
    Dwarf_Error error = NULL;

    if (dwarf_get_ranges_b(debug, offset, die, &real, &ranges, &n, &bytes, &error) != DW_DLV_OK)
        return;
    for (Dwarf_Signed i = 0; i < n; i++) {
        if (ranges[i].dwr_type == DW_RANGES_ADDRESS_SELECTION)
            base = ranges[i].dwr_addr2;
        else if (ranges[i].dwr_type == DW_RANGES_ENTRY)
            give(sink, base + ranges[i].dwr_addr1, base + ranges[i].dwr_addr2);
    }
    dp_dwarf_free_ranges(debug, ranges, n);
}

static uint64_t address_of(Dwarf_Die die, Dwarf_Unsigned index)
{
    Dwarf_Addr address;
    Dwarf_Error error = NULL;

    return dwarf_debug_addr_index_to_addr(die, index, &address, &error) == DW_DLV_OK ? address : 0;
}

/* Adds an entry of a range list in a .dwo file. False: it is the last one, or invalid there. */
static bool split_entry(struct sink *sink, Dwarf_Die die, unsigned entry, Dwarf_Unsigned first,
                        Dwarf_Unsigned second, uint64_t *base)
{
    uint64_t address;

    switch (entry) {
    case DW_RLE_base_addressx:
        *base = address_of(die, first);
        return true;
    case DW_RLE_offset_pair:
        give(sink, *base + first, *base + second);
        return true;
    case DW_RLE_startx_endx:
        give(sink, address_of(die, first), address_of(die, second));
        return true;
    case DW_RLE_startx_length:
        address = address_of(die, first);
        give(sink, address, address + second);
        return true;
    }
    return false;
}

/* The range list of an entry in a .dwo file, by its index in the file's only table of lists.
 * libdwarf does not do this, at least up to 0.4. */
static void split_list(struct sink *sink, Dwarf_Debug debug, Dwarf_Die die, Dwarf_Unsigned index,
                       uint64_t base)
{
    Dwarf_Unsigned n, offset, at, header, table, begin, entries, end, first, second;
    Dwarf_Small small[4];
    unsigned version, bytes, entry;
    Dwarf_Error error = NULL;

    if (dwarf_load_rnglists(debug, &n, &error) != DW_DLV_OK ||
        dwarf_get_rnglist_offset_index_value(debug, 0, index, &offset, &at, &error) != DW_DLV_OK ||
        dwarf_get_rnglist_context_basics(debug, 0, &header, &small[0], &small[1], &version,
                                         &small[2], &small[3], &entries, &table, &begin, &end,
                                         &error) != DW_DLV_OK)
        return;
    while (at < end &&
           dwarf_get_rnglist_rle(debug, 0, at, end, &bytes, &entry, &first, &second, &error) ==
               DW_DLV_OK &&
           split_entry(sink, die, entry, first, second, &base) && bytes > 0)
        at += bytes;
}

/* .debug_rnglists, DWARF 5. libdwarf turns the entries into addresses. */
static bool new_list(struct sink *sink, Dwarf_Attribute attribute, Dwarf_Half form,
                     Dwarf_Unsigned value)
{
    Dwarf_Rnglists_Head head;
    Dwarf_Unsigned n, offset, raw1, raw2, low, high;
    Dwarf_Error error = NULL;
    unsigned bytes, entry;
    Dwarf_Bool unavailable;

    if (dwarf_rnglists_get_rle_head(attribute, form, value, &head, &n, &offset, &error) !=
        DW_DLV_OK)
        return false;
    for (Dwarf_Unsigned i = 0; i < n; i++) {
        if (dwarf_get_rnglists_entry_fields_a(head, i, &bytes, &entry, &raw1, &raw2, &unavailable,
                                              &low, &high, &error) != DW_DLV_OK)
            break;
        if (!unavailable && entry != DW_RLE_end_of_list && entry != DW_RLE_base_address &&
            entry != DW_RLE_base_addressx)
            give(sink, low, high);
    }
    dwarf_dealloc_rnglists_head(head);
    return true;
}

static void list(struct sink *sink, Dwarf_Debug debug, Dwarf_Die die, unsigned version,
                 uint64_t base)
{
    Dwarf_Attribute attribute;
    Dwarf_Error error = NULL;
    Dwarf_Half form = 0;
    Dwarf_Unsigned value = 0;

    if (dwarf_attr(die, DW_AT_ranges, &attribute, &error) != DW_DLV_OK)
        return;
    if (dwarf_whatform(attribute, &form, &error) == DW_DLV_OK &&
        (form == DW_FORM_rnglistx ? dwarf_formudata(attribute, &value, &error)
                                  : dwarf_global_formref(attribute, &value, &error)) == DW_DLV_OK) {
        if (version >= 5 && !new_list(sink, attribute, form, value) && form == DW_FORM_rnglistx)
            split_list(sink, debug, die, value, base);
        else if (version < 5)
            old_list(sink, debug, die, value, base);
    }
    dwarf_dealloc(debug, attribute, DW_DLA_ATTR);
}

bool dp_dwarf_ranges(void *debug, void *die, unsigned version, uint64_t base, dp_dwarf_range *add,
                     void *context)
{
    struct sink sink = {.add = add, .context = context};
    Dwarf_Addr low, high;
    Dwarf_Half form;
    enum Dwarf_Form_Class class;
    Dwarf_Error error = NULL;

    if (dwarf_lowpc(die, &low, &error) == DW_DLV_OK &&
        dwarf_highpc_b(die, &high, &form, &class, &error) == DW_DLV_OK)
        give(&sink, low, class == DW_FORM_CLASS_CONSTANT ? low + high : high);
    else
        list(&sink, debug, die, version, base);
    return sink.some;
}

uint64_t dp_dwarf_low(void *die)
{
    Dwarf_Addr low;
    Dwarf_Error error = NULL;

    return dwarf_lowpc(die, &low, &error) == DW_DLV_OK ? low : 0;
}
