/* See damage.h. */
#include "damage.h"

#include <stdarg.h>
#include <stdio.h>

void dp_damage_note(struct dp_damage *damage, uint64_t bytes, const char *format, ...)
{
    damage->bytes += bytes;
    if (damage->places++ > 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(damage->first.text, sizeof damage->first.text, format, arguments);
    va_end(arguments);
}

void dp_damage_add(struct dp_damage *to, const struct dp_damage *from)
{
    if (to->places == 0)
        to->first = from->first;
    to->places += from->places;
    to->bytes += from->bytes;
}
