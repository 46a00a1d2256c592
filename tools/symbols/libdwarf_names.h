/*
 * Names in libdwarf's interface that differ between 20210528 (Debian 12) and 0.1 and later
 * (Debian 13). Only for the files of this room that include libdwarf.
 */
#ifndef DP_LIBDWARF_NAMES_H
#define DP_LIBDWARF_NAMES_H

#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>

#ifdef DW_LIBDWARF_VERSION /* the older release does not have it */

typedef Dwarf_Obj_Access_Interface_a dp_dwarf_interface;
typedef Dwarf_Obj_Access_Methods_a dp_dwarf_methods;
typedef Dwarf_Obj_Access_Section_a dp_dwarf_section;
typedef Dwarf_Unsigned dp_dwarf_index;
typedef Dwarf_Small dp_dwarf_byte_order;
#define DP_DWARF_SECTION(field) as_##field
#define DP_DWARF_METHOD(name) om_##name
#define DP_DWARF_LITTLE_ENDIAN DW_END_little
#define DP_DWARF_BIG_ENDIAN DW_END_big
#define dp_dwarf_free_ranges dwarf_dealloc_ranges

#else

typedef Dwarf_Obj_Access_Interface dp_dwarf_interface;
typedef Dwarf_Obj_Access_Methods dp_dwarf_methods;
typedef Dwarf_Obj_Access_Section dp_dwarf_section;
typedef Dwarf_Half dp_dwarf_index;
typedef Dwarf_Endianness dp_dwarf_byte_order;
#define DP_DWARF_SECTION(field) field
#define DP_DWARF_METHOD(name) name
#define DP_DWARF_LITTLE_ENDIAN DW_OBJECT_LSB
#define DP_DWARF_BIG_ENDIAN DW_OBJECT_MSB
#define dp_dwarf_free_ranges dwarf_ranges_dealloc

#endif
#endif
