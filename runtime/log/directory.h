/*
 * The log's directory: its name from DEEP_PROFILE_OUT, making it ours, and the
 * way to the files in it.
 *
 * One descriptor of it stays open, so that a host which moves the directory,
 * changes its root or hides it below a mount goes on writing to the same log.
 * The host may close that descriptor and use its number again: it is used only
 * after a look whether it still stands for the directory, and is opened anew by
 * path where it does not.
 */
#ifndef DP_DIRECTORY_H
#define DP_DIRECTORY_H

#define DP_PATH_MAX 4096

/* Expands %p (pid), %e (program), %t (seconds since 1970) and %% in `template`,
 * makes it absolute. 0, or -ENAMETOOLONG. */
int dp_expand_path(const char *template, const char *program, char path[DP_PATH_MAX]);

/*
 * Makes the directory, parents too. When it is taken (it exists and is not
 * empty), .<pid> is appended to `path`, then .<pid>.1 and so on. 0 or -errno.
 */
int dp_directory_claim(char path[DP_PATH_MAX]);

/* Takes the claimed directory as that of the functions below. 0 or -errno. */
int dp_directory_enter(const char *path);
/* In a forked child, which has the parent's. */
void dp_directory_leave(void);
/* What stands in the directory when no log comes of it; nothing else in it was
 * made. */
void dp_directory_give_up(const char *path);

/* Files of the log by their names in it ("state/process"). A descriptor, to be
 * closed soon, or -errno. */
int dp_directory_create(const char *name);
int dp_directory_open(const char *name);
int dp_directory_open_read(const char *name);
int dp_directory_unlink(const char *name);

#endif
