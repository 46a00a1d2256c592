/* See process.h. Called by deep-profile-cc.c and what is beside it. */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int dp_run(const struct dp_words *command)
{
    pid_t pid;
    int status, error = posix_spawnp(&pid, command->word[0], NULL, NULL, command->word, environ);
    if (error)
        dp_die("cannot run '%s': %s", command->word[0], strerror(error));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            dp_die("cannot wait for '%s': %s", command->word[0], strerror(errno));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *dp_find_program(const char *name)
{
    if (strchr(name, '/'))
        return name;
    const char *folders = getenv("PATH");
    while (folders && *folders) {
        int length = (int)strcspn(folders, ":");
        const char *path = dp_format("%.*s/%s", length, folders, name);
        if (access(path, X_OK) == 0)
            return path;
        folders += length + (folders[length] == ':');
    }
    return NULL;
}

static char *read_all(FILE *file)
{
    char *text = NULL;
    size_t size = 0;
    if (getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = ferror(file) ? NULL : strdup("");
    }
    return text;
}

char *dp_ask(const struct dp_words *command, int *error)
{
    int out[2], status = -1;
    if (pipe(out) != 0)
        dp_die("cannot make a pipe: %s", strerror(errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    posix_spawn_file_actions_addclose(&actions, out[1]);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
    pid_t pid;
    *error = posix_spawnp(&pid, command->word[0], &actions, NULL, command->word, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    FILE *answer = fdopen(out[0], "r");
    char *text = *error == 0 && answer ? read_all(answer) : NULL;
    if (answer)
        fclose(answer);
    if (*error == 0)
        waitpid(pid, &status, 0);
    return *error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : NULL;
}

char *dp_read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    char *text = read_all(file);
    fclose(file);
    return text;
}

void dp_write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    if (!out || fputs(text, out) < 0 || fclose(out) != 0)
        dp_die("cannot write '%s': %s", path, strerror(errno));
}

static char *folder;

const char *dp_temporary(const char *name)
{
    if (!folder) {
        const char *above = getenv("TMPDIR");
        folder = dp_format("%s/deep-profile-cc-XXXXXX", above && *above ? above : "/tmp");
        if (!mkdtemp(folder))
            dp_die("cannot make a folder '%s': %s", folder, strerror(errno));
        dp_at_death = dp_remove_temporary;
    }
    return dp_format("%s/%s", folder, name);
}

bool dp_has_temporary(void)
{
    return folder != NULL;
}

void dp_remove_temporary(void)
{
    DIR *entries = folder ? opendir(folder) : NULL;
    const struct dirent *entry;
    while (entries && (entry = readdir(entries)))
        unlink(dp_format("%s/%s", folder, entry->d_name));
    if (entries)
        closedir(entries);
    if (folder)
        rmdir(folder);
    folder = NULL;
}
