/* See dwarf_die.h. */
#include "dwarf_die.h"

#include <stdio.h>
#include <string.h>

#include "answers.h"
#include "demangle.h"
#include "libdwarf_names.h"

/* How many references are followed: a crafted file may have circles. */
#define MOST_REFERENCES 16
#define MOST_SCOPES     64

bool dp_die_number(void *debug, void *die, unsigned attribute, uint64_t *value)
{
    Dwarf_Attribute found;
    Dwarf_Unsigned number;
    Dwarf_Signed other;
    Dwarf_Error error = NULL;
    bool known = true;

    if (dwarf_attr(die, (Dwarf_Half)attribute, &found, &error) != DW_DLV_OK)
        return false;
    if (dwarf_formudata(found, &number, &error) == DW_DLV_OK)
        *value = number;
    else if (dwarf_formsdata(found, &other, &error) == DW_DLV_OK && other >= 0)
        *value = (uint64_t)other;
    else
        known = false;
    dwarf_dealloc(debug, found, DW_DLA_ATTR);
    return known;
}

/* In the file that dwz made, which is not read: libdwarf returns a text of its own. */
static bool is_elsewhere(Dwarf_Attribute attribute)
{
    Dwarf_Error error = NULL;
    Dwarf_Half form;

    return dwarf_whatform(attribute, &form, &error) == DW_DLV_OK &&
           (form == DW_FORM_GNU_strp_alt || form == DW_FORM_strp_sup);
}

const char *dp_die_text(void *debug, void *die, unsigned attribute)
{
    Dwarf_Attribute found;
    Dwarf_Error error = NULL;
    char *text = NULL;

    if (dwarf_attr(die, (Dwarf_Half)attribute, &found, &error) != DW_DLV_OK)
        return NULL;
    if (is_elsewhere(found) || dwarf_formstring(found, &text, &error) != DW_DLV_OK)
        text = NULL;
    dwarf_dealloc(debug, found, DW_DLA_ATTR);
    return text && *text ? text : NULL;
}

/* The entry that this one refers to: the inlined function, or the declaration in a class. */
static bool origin_of(Dwarf_Debug debug, Dwarf_Die die, uint64_t *offset)
{
    static const Dwarf_Half references[] = {DW_AT_abstract_origin, DW_AT_specification};
    Dwarf_Attribute found;
    Dwarf_Error error = NULL;
    Dwarf_Off to;

    for (unsigned i = 0; i < sizeof references / sizeof *references; i++) {
        if (dwarf_attr(die, references[i], &found, &error) != DW_DLV_OK)
            continue;
        bool known = dwarf_global_formref(found, &to, &error) == DW_DLV_OK;
        dwarf_dealloc(debug, found, DW_DLA_ATTR);
        if (known)
            *offset = to;
        return known;
    }
    return false;
}

/* ---- namespaces and classes ---- */

/* Among `die` and its later siblings, the last entry that begins at or before `offset`: it is
 * the entry at `offset`, or contains it. Frees `die`. */
static Dwarf_Die last_up_to(Dwarf_Debug debug, Dwarf_Die die, uint64_t offset)
{
    Dwarf_Error error = NULL;
    Dwarf_Die next;
    Dwarf_Off at;

    while (dwarf_siblingof_b(debug, die, true, &next, &error) == DW_DLV_OK) {
        if (dwarf_dieoffset(next, &at, &error) != DW_DLV_OK || at > offset) {
            dwarf_dealloc(debug, next, DW_DLA_DIE);
            break;
        }
        dwarf_dealloc(debug, die, DW_DLA_DIE);
        die = next;
    }
    return die;
}

/* "shop::(anonymous namespace)::" */
static void add_scope(Dwarf_Debug debug, Dwarf_Die die, char *scope, size_t size)
{
    size_t length = strlen(scope);
    Dwarf_Error error = NULL;
    Dwarf_Half tag;

    if (dwarf_tag(die, &tag, &error) != DW_DLV_OK)
        return;
    const char *name = dp_die_text(debug, die, DW_AT_name);
    if (tag == DW_TAG_namespace && !name)
        name = "(anonymous namespace)";
    if (name && tag != DW_TAG_lexical_block)
        snprintf(scope + length, size - length, "%s::", name);
}

/* Entries are in order of their offsets, each before its children. */
static void scope_of(Dwarf_Debug debug, uint64_t offset, char *scope, size_t size)
{
    Dwarf_Die inner, die, unit;
    Dwarf_Error error = NULL;
    Dwarf_Off at;

    *scope = 0;
    if (dwarf_offdie_b(debug, offset, true, &inner, &error) != DW_DLV_OK)
        return;
    bool known = dwarf_CU_dieoffset_given_die(inner, &at, &error) == DW_DLV_OK;
    dwarf_dealloc(debug, inner, DW_DLA_DIE);
    if (!known || dwarf_offdie_b(debug, at, true, &unit, &error) != DW_DLV_OK)
        return;
    for (unsigned level = 0; level < MOST_SCOPES; level++, unit = die) {
        if (dwarf_child(unit, &die, &error) != DW_DLV_OK)
            break;
        dwarf_dealloc(debug, unit, DW_DLA_DIE);
        die = last_up_to(debug, die, offset);
        if (dwarf_dieoffset(die, &at, &error) != DW_DLV_OK || at >= offset)
            break;
        add_scope(debug, die, scope, size);
    }
}

static const char *with_scope(Dwarf_Debug debug, uint64_t offset, const char *name)
{
    char scope[DP_ANSWER_TEXT], *whole;

    scope_of(debug, offset, scope, sizeof scope);
    return asprintf(&whole, "%s%s", scope, name) < 0 ? name : whole;
}

const char *dp_die_function(void *debug, uint64_t offset, bool qualified)
{
    const char *plain = NULL;
    bool more = true;

    for (unsigned i = 0; more && i < MOST_REFERENCES; i++) {
        Dwarf_Die die;
        Dwarf_Error error = NULL;
        uint64_t this = offset;
        if (dwarf_offdie_b(debug, offset, true, &die, &error) != DW_DLV_OK)
            break;
        const char *linkage = dp_die_text(debug, die, DW_AT_linkage_name);
        linkage = linkage ? linkage : dp_die_text(debug, die, DW_AT_MIPS_linkage_name);
        plain = plain ? plain : dp_die_text(debug, die, DW_AT_name);
        more = !linkage && origin_of(debug, die, &offset);
        dwarf_dealloc(debug, die, DW_DLA_DIE);
        if (linkage)
            return dp_demangle(linkage);
        if (!more && plain && qualified)
            return with_scope(debug, this, plain);
    }
    return plain;
}
