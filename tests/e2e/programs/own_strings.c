/*
 * A host with string functions of its own, which nobody else may call: not before
 * main, not on another thread, and no more often than it says. It counts their calls.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int may_be_called;
static volatile char text[64] = "some text, a text", copy[64];

static void check(void)
{
    if (!may_be_called || syscall(SYS_gettid) != getpid())
        __builtin_trap();
}

#define OWN __attribute__((noinline, visibility("default")))

OWN void *memcpy(void *to, const void *from, size_t bytes)
{
    check();
    for (size_t i = 0; i < bytes; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}

OWN void *mempcpy(void *to, const void *from, size_t bytes)
{
    return (char *)memcpy(to, from, bytes) + bytes;
}

OWN void *memmove(void *to, const void *from, size_t bytes)
{
    return memcpy(to, from, bytes);
}

OWN void *memset(void *to, int byte, size_t bytes)
{
    check();
    for (size_t i = 0; i < bytes; i++)
        ((volatile char *)to)[i] = (char)byte;
    return to;
}

OWN int memcmp(const void *a, const void *b, size_t bytes)
{
    check();
    for (size_t i = 0; i < bytes; i++)
        if (((const char *)a)[i] != ((const char *)b)[i])
            return 1;
    return 0;
}

OWN void *memchr(const void *at, int byte, size_t bytes)
{
    check();
    for (size_t i = 0; i < bytes; i++)
        if (((const char *)at)[i] == (char)byte)
            return (char *)at + i;
    return NULL;
}

/* We do not call these functions, so what they return does not matter. */
#define OTHER(type, name, ...)                                                                     \
    OWN type name(__VA_ARGS__)                                                                     \
    {                                                                                              \
        check();                                                                                   \
        return 0;                                                                                  \
    }

OWN size_t strlen(const char *string)
{
    size_t length = 0;
    check();
    while (((const volatile char *)string)[length])
        length++;
    return length;
}

OTHER(size_t, strnlen, const char *string, size_t most)
OTHER(int, strcmp, const char *a, const char *b)
OTHER(int, strncmp, const char *a, const char *b, size_t most)
OTHER(char *, strcpy, char *to, const char *from)
OTHER(char *, stpcpy, char *to, const char *from)
OTHER(char *, strchr, const char *string, int wanted)
OTHER(char *, strrchr, const char *string, int wanted)
OTHER(char *, strstr, const char *string, const char *wanted)
OTHER(size_t, strspn, const char *string, const char *set)
OTHER(size_t, strcspn, const char *string, const char *set)
OTHER(unsigned long, strtoul, const char *string, char **end, int base)

int main(void)
{
    int wrong = 0;
    may_be_called = 1;
    for (int i = 0; i < 100; i++) {
        memset((void *)copy, i, sizeof copy);
        memcpy((void *)copy, (void *)text, sizeof copy);
        wrong |= memcmp((void *)copy, (void *)text, sizeof text) != 0;
        wrong |= strlen((void *)copy) != 17;
        wrong |= memchr((void *)copy, ',', sizeof copy) == NULL;
    }
    may_be_called = 0;
    return wrong;
}
