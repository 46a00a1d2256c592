/*
 * Memory and string functions of our own, under libc's names. Included first in each file
 * of the runtime (meson.build: -include). In the host's process, a call of memcpy reaches
 * whatever function the host has under that name: it may be instrumented, or not be
 * callable before main. Here the names stand for symbols of ours, also in calls that the
 * compiler makes by itself to copy a struct. The contracts are libc's.
 */
#if !defined DP_STRINGS_H && !defined __ASSEMBLER__
#define DP_STRINGS_H

#include <stddef.h>

#define DP_OWN(name) __asm__("__deep_profile_" #name)

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) DP_OWN(memcpy);
void *mempcpy(void *restrict to, const void *restrict from, size_t bytes) DP_OWN(mempcpy);
void *memmove(void *to, const void *from, size_t bytes) DP_OWN(memmove);
void *memset(void *at, int byte, size_t bytes) DP_OWN(memset);
int memcmp(const void *a, const void *b, size_t bytes) DP_OWN(memcmp);
void *memchr(const void *at, int byte, size_t bytes) DP_OWN(memchr);
size_t strlen(const char *text) DP_OWN(strlen);
size_t strnlen(const char *text, size_t most) DP_OWN(strnlen);
int strcmp(const char *a, const char *b) DP_OWN(strcmp);
int strncmp(const char *a, const char *b, size_t most) DP_OWN(strncmp);
char *strcpy(char *restrict to, const char *restrict from) DP_OWN(strcpy);
char *stpcpy(char *restrict to, const char *restrict from) DP_OWN(stpcpy);
char *strchr(const char *text, int wanted) DP_OWN(strchr);
char *strrchr(const char *text, int wanted) DP_OWN(strrchr);
char *strstr(const char *text, const char *wanted) DP_OWN(strstr);
size_t strspn(const char *text, const char *accepted) DP_OWN(strspn);
size_t strcspn(const char *text, const char *refused) DP_OWN(strcspn);

#endif
