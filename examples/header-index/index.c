/*
 * What all files together mention: a hash table in shards, so that workers
 * seldom wait for each other. Grows only; nothing is freed before the end.
 */
#include "header-index.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <deep_profile.h>

#define SHARDS 64
#define BUCKETS 1024 /* of one shard */

struct spelling {
    char *text;
    uint32_t length;
    struct mention *mentions;
    struct spelling *next;
};

static struct shard {
    pthread_mutex_t lock;
    size_t count;
    struct spelling *buckets[BUCKETS];
} shards[SHARDS];

__attribute__((constructor)) static void prepare(void)
{
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&shards[i].lock, NULL);
}

static uint64_t hash(const char *text, size_t length)
{
    uint64_t value = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)text[i]) * 1099511628211u;
    return value ^ value >> 32;
}

static struct spelling **find(struct shard *shard, uint64_t key, const char *text, size_t length)
{
    struct spelling **at = &shard->buckets[key / SHARDS % BUCKETS];
    while (*at && ((*at)->length != length || memcmp((*at)->text, text, length) != 0))
        at = &(*at)->next;
    return at;
}

/* The words from `first` on, `count` of them, all of one spelling. */
static void add_mention(uint32_t file, const struct word *first, uint32_t count)
{
    struct mention *mention = xrealloc(NULL, sizeof *mention);
    uint32_t *lines = xrealloc(NULL, count * sizeof *lines);
    for (uint32_t i = 0; i < count; i++)
        lines[i] = first[i].line;
    uint64_t key = hash(first->text, first->length);
    struct shard *shard = &shards[key % SHARDS];
    pthread_mutex_lock(&shard->lock);
    struct spelling **at = find(shard, key, first->text, first->length);
    if (!*at) {
        *at = xrealloc(NULL, sizeof **at);
        **at = (struct spelling){.text = strndup(first->text, first->length),
                                 .length = first->length};
        shard->count++;
    }
    *mention = (struct mention){file, count, lines, (*at)->mentions};
    (*at)->mentions = mention;
    pthread_mutex_unlock(&shard->lock);
}

static int same_spelling(const struct word *a, const struct word *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static int by_spelling_and_line(const void *left, const void *right)
{
    const struct word *a = left, *b = right;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    int order = memcmp(a->text, b->text, a->length);
    return order ? order : a->line < b->line ? -1 : a->line > b->line;
}

DEEP_PROFILE(rate=1, check_load=false)
void index_publish(uint32_t file, struct word_list *list)
{
    qsort(list->words, list->count, sizeof *list->words, by_spelling_and_line);
    for (size_t i = 0, next; i < list->count; i = next) {
        for (next = i + 1; next < list->count; next++)
            if (!same_spelling(&list->words[i], &list->words[next]))
                break;
        add_mention(file, &list->words[i], (uint32_t)(next - i));
    }
}

/* Merge sort of a list, in the order that answers are shown in. */
static struct mention *sorted(struct mention *list)
{
    if (!list || !list->next)
        return list;
    struct mention *slow = list, *fast = list->next;
    while (fast && fast->next) {
        slow = slow->next;
        fast = fast->next->next;
    }
    struct mention *right = sorted(slow->next), *result = NULL, **end = &result;
    slow->next = NULL;
    struct mention *left = sorted(list);
    while (left && right) {
        int first = left->count > right->count ||
                    (left->count == right->count && left->file < right->file);
        struct mention **from = first ? &left : &right;
        *end = *from;
        end = &(*from)->next;
        *from = (*from)->next;
    }
    *end = left ? left : right;
    return result;
}

struct mention *index_lookup(const char *word)
{
    size_t length = strlen(word);
    uint64_t key = hash(word, length);
    struct spelling *found = *find(&shards[key % SHARDS], key, word, length);
    if (found)
        found->mentions = sorted(found->mentions);
    return found ? found->mentions : NULL;
}

size_t index_size(void)
{
    size_t count = 0;
    for (size_t i = 0; i < SHARDS; i++)
        count += shards[i].count;
    return count;
}
