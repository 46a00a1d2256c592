/*
 * header-index FOLDER [WORD...]: indexes every header below FOLDER with a
 * worker thread per processor, then tells where each WORD (by default: each
 * line of the standard input) is mentioned.
 *
 * The example that scripts/demo runs. It is fast for nearly every header and
 * very slow for a few; `deep-profile report` shows which function and why.
 */
#include "header-index.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <deep_profile.h>

#define MAX_WORKERS 64
#define MAX_MENTIONS_SHOWN 5

/* The work queue: all paths are known before the first worker starts. */
static struct {
    char **paths;
    uint32_t count;
    uint32_t next; /* taken with an atomic increment */
    uint32_t unreadable;
} queue;

void *xrealloc(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (!memory) {
        fputs("header-index: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static int note_file(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    const char *dot = strrchr(path + where->base, '.');
    if (type != FTW_F || !dot || (strcmp(dot, ".h") != 0 && strcmp(dot, ".hpp") != 0))
        return 0;
    if ((queue.count & (queue.count - 1)) == 0)
        queue.paths = xrealloc(queue.paths, (2 * queue.count + 1) * sizeof *queue.paths);
    queue.paths[queue.count++] = strdup(path);
    return 0;
}

/* One file from its path to the index: what its three stages add up to. */
DEEP_PROFILE(rate=1, check_load=false)
static void index_file(uint32_t file)
{
    struct word_list words = {0};
    size_t length = 0;
    char *text = scan_read_file(queue.paths[file], &length);
    if (!text) {
        __atomic_fetch_add(&queue.unreadable, 1, __ATOMIC_RELAXED);
        return;
    }
    scan_find_words(text, length, &words);
    words_remove_repeats(&words);
    index_publish(file, &words);
    free(words.words);
    free(text);
}

static void *work(void *unused)
{
    uint32_t file;
    while ((file = __atomic_fetch_add(&queue.next, 1, __ATOMIC_RELAXED)) < queue.count)
        index_file(file);
    return unused;
}

static void index_all(long workers)
{
    pthread_t threads[MAX_WORKERS];
    for (long i = 0; i < workers; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0) {
            fputs("header-index: cannot start a thread\n", stderr);
            exit(1);
        }
    for (long i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
}

static void answer(const char *word)
{
    const struct mention *mention = index_lookup(word);
    size_t files = 0, lines = 0;
    for (const struct mention *m = mention; m; m = m->next) {
        files++;
        lines += m->count;
    }
    printf("%s: %zu lines in %zu headers\n", word, lines, files);
    for (int shown = 0; mention && shown < MAX_MENTIONS_SHOWN; mention = mention->next, shown++)
        printf("  %6u %s (first: %u)\n", mention->count, queue.paths[mention->file],
               mention->lines[0]);
}

static void answer_input(void)
{
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0])
            answer(line);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-') {
        fputs("usage: header-index FOLDER [WORD...]\n", stderr);
        return 2;
    }
    if (nftw(argv[1], note_file, 32, FTW_PHYS) != 0) {
        perror(argv[1]);
        return 1;
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    long workers = processors < 1 ? 1 : processors < MAX_WORKERS ? processors : MAX_WORKERS;
    index_all(workers);
    printf("%u headers, %zu identifiers, %ld threads\n", queue.count - queue.unreadable,
           index_size(), workers);
    for (int i = 2; i < argc; i++)
        answer(argv[i]);
    if (argc == 2)
        answer_input();
    return 0;
}
