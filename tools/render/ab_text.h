/*
 * Two functions of the same runs beside one another: for people, as text or Markdown, and as JSON.
 */
#ifndef DP_TOOLS_AB_TEXT_H
#define DP_TOOLS_AB_TEXT_H

#include "json.h"
#include "model/ab.h"
#include "style.h"

void dp_ab_text(const struct dp_ab *ab, bool markdown, const struct dp_style *style);

void dp_ab_json(const struct dp_ab *ab, struct dp_json *object);

#endif
