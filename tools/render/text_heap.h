/* Who holds memory, for people. */
#ifndef DP_TOOLS_TEXT_HEAP_H
#define DP_TOOLS_TEXT_HEAP_H

#include "model/report_heap.h"
#include "style.h"

/* Nothing where nobody asked for it. */
void dp_text_heap(const struct dp_report_heap *heap, const struct dp_style *style);

#endif
