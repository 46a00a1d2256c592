/*
 * Lines of a label and a text behind it, broken between words (fold.h):
 *
 *       log       deep-profile.22029: 880 KB, 111 k records, 1 lane
 *                 ...
 */
#ifndef DP_TOOLS_WRAPPED_H
#define DP_TOOLS_WRAPPED_H

#include "style.h"

/* Prints the label of a line; the text follows. */
void dp_text_label(const struct dp_style *style, const char *label);

/* A part of the report printed by `print` and broken so: further lines are indented as the
 * texts behind labels are. */
void dp_text_print_wrapped(void (*print)(const void *what, const struct dp_style *style),
                           const void *what, const struct dp_style *style);

#endif
