/* The annotations in preprocessed C or C++, each with its place. */
#ifndef DEEP_PROFILE_C_ANNOTATIONS_H
#define DEEP_PROFILE_C_ANNOTATIONS_H

#include "c_reader.h"

/* "a" "b\"c": the text of string tokens [i, end). */
const char *dp_c_text_of(const struct reader *reader, size_t i, size_t end);

/* Reads all annotations, in order, before anything else, and blanks them out in the text. */
void dp_c_read_notes(struct reader *reader);

/* The next annotation that belongs to no function yet, if it lies in [first, end); else NULL. */
struct note *dp_c_take_note(struct reader *reader, size_t first, size_t end);

#endif
