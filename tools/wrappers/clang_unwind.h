/* Functions that an exception may leave, in LLVM's text. For clang_weave.c. */
#ifndef DEEP_PROFILE_CLANG_UNWIND_H
#define DEEP_PROFILE_CLANG_UNWIND_H

#include "clang_ir.h"

/* The block that an exception gets to, which dp_unwind_to_pad() makes calls lead to. */
#define DP_PAD "deep_profile.pad"

/*
 * Makes every call that may throw lead to DP_PAD:
 *
 *     %a = call i32 @f(), !dbg !7       =>    %a = invoke i32 @f() to label %deep_profile.next1
 *     …                                           unwind label %deep_profile.pad, !dbg !7
 *                                           deep_profile.next1:
 *                                           …
 *
 * Only in code that is not optimized yet. False: no call of it may throw, and the function
 * needs no such block.
 */
bool dp_unwind_to_pad(struct dp_ir *ir, const struct dp_ir_function *function);

/* The number of the first block, whose label is left out in the text. */
const char *dp_implicit_label(const char *define);

/* The personality function that a pad of this module needs. */
const char *dp_personality(const struct dp_ir *ir);

#endif
