/* Tail calls in LLVM's text. For clang_weave.c. */
#ifndef DEEP_PROFILE_CLANG_TAILS_H
#define DEEP_PROFILE_CLANG_TAILS_H

#include "clang_ir.h"

/* Must (musttail), or with `optimized` may, the call in line `i` become a jump? Then the next
 * thing is the return. */
bool dp_is_tail_call(const struct dp_ir *ir, size_t i, bool optimized);

/*
 * In optimized code a tail call may go to a return that other paths share:
 *
 *     %a = tail call i32 @f()                      %a = tail call i32 @f()
 *     br label %return                             ret i32 %a
 *     …                                   =>       …
 *     return:                                      return:
 *     %r = phi i32 [ %a, %x ], [ 5, %y ]           %r = phi i32 [ 5, %y ]
 *     ret i32 %r                                   ret i32 %r
 *
 * The code generator undoes that where nothing stands before the shared return; a gate's exit
 * would. So it is undone here.
 */
void dp_expose_tail_calls(struct dp_ir *ir, const struct dp_ir_function *function);

/* Lines that are no instruction and say something to a debugger. */
bool dp_is_debug_record(const char *line);
/* "name:" at the start of a block. */
bool dp_is_label(const char *line);
/* Without its :, and in the form of an operand. */
const char *dp_label_of(const char *line);

#endif
