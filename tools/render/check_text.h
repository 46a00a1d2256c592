/*
 * Targets and whether they are met: for people, as text or Markdown, and as JSON.
 */
#ifndef DP_TOOLS_CHECK_TEXT_H
#define DP_TOOLS_CHECK_TEXT_H

#include "json.h"
#include "model/check.h"
#include "style.h"

void dp_check_text(const struct dp_check *check, bool markdown, const struct dp_style *style);

void dp_check_json(const struct dp_check *check, struct dp_json *object);

#endif
