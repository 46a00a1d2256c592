/*
 * See strings.h. Compiled so that the compiler does not replace a loop by a call of the
 * function that it is part of (meson.build: -fno-builtin,
 * -fno-tree-loop-distribute-patterns). Simple rather than fast: the hot path calls none of
 * these.
 */
#include "strings.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    char *at = to;
    const char *source = from;
#if defined __x86_64__
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(source), "+c"(bytes) : : "memory");
#else
    while (bytes--)
        *at++ = *source++;
#endif
    return to;
}

void *mempcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    return (char *)memcpy(to, from, bytes) + bytes;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    char *at = to;
    const char *source = from;
    if ((size_t)(at - source) >= bytes) /* also if `to` is below */
        return memcpy(to, from, bytes);
    while (bytes--)
        at[bytes] = source[bytes];
    return to;
}

void *memset(void *to, int byte, size_t bytes)
{
    char *at = to;
#if defined __x86_64__
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(byte) : "memory");
#else
    while (bytes--)
        *at++ = (char)byte;
#endif
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *left = a, *right = b;
    for (size_t i = 0; i < bytes; i++)
        if (left[i] != right[i])
            return left[i] - right[i];
    return 0;
}

void *memchr(const void *start, int byte, size_t bytes)
{
    const unsigned char *at = start;
    for (; bytes; at++, bytes--)
        if (*at == (unsigned char)byte)
            return (void *)(size_t)at;
    return NULL;
}

size_t strnlen(const char *text, size_t most)
{
    size_t length = 0;
    while (length < most && text[length])
        length++;
    return length;
}

size_t strlen(const char *text)
{
    return strnlen(text, (size_t)-1);
}

int strncmp(const char *a, const char *b, size_t most)
{
    for (; most; a++, b++, most--)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, (size_t)-1);
}

char *stpcpy(char *restrict to, const char *restrict from)
{
    size_t length = strlen(from);
    memcpy(to, from, length + 1);
    return to + length;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    stpcpy(to, from);
    return to;
}

char *strchr(const char *text, int wanted)
{
    return memchr(text, wanted, strlen(text) + 1);
}

char *strrchr(const char *text, int wanted)
{
    const char *found = NULL;
    for (const char *at = text; (at = strchr(at, wanted)) != NULL; at++) {
        found = at;
        if (!*at)
            break;
    }
    return (char *)(size_t)found;
}

char *strstr(const char *text, const char *wanted)
{
    size_t length = strlen(wanted);
    for (;; text++) {
        if (strncmp(text, wanted, length) == 0)
            return (char *)(size_t)text;
        if (!*text)
            return NULL;
    }
}

/* The number of leading characters that are in `set`, or that are not. */
static size_t span(const char *text, const char *set, int in_set)
{
    size_t length = 0;
    while (text[length] && (strchr(set, text[length]) != NULL) == in_set)
        length++;
    return length;
}

size_t strspn(const char *text, const char *accepted)
{
    return span(text, accepted, 1);
}

size_t strcspn(const char *text, const char *refused)
{
    return span(text, refused, 0);
}
