/* See attribute.h. */
#include "attribute.h"

const char *dp_attribute_name(uint32_t attribute)
{
    static const char *const names[] = {
#define DP_ATTRIBUTE(id, name, macro) name,
#include "deep_profile/attributes.def"
    };
    return attribute < sizeof names / sizeof *names ? names[attribute] : "unknown";
}
