/*
 * The log's directory: finds its name from DEEP_PROFILE_OUT, claims it, and opens the files
 * in it.
 *
 * One descriptor of the directory stays open, so that a host which moves the directory,
 * changes its root or mounts over it still writes to the same log. The host may close that
 * descriptor and use its number again. So before each use the runtime checks that the
 * descriptor still stands for the directory; if not, it opens the directory again by its
 * path.
 */
#ifndef DP_DIRECTORY_H
#define DP_DIRECTORY_H

#define DP_PATH_MAX 4096

/* Expands %p (pid), %e (program), %t (seconds since 1970) and %% in `template`,
 * makes it absolute. 0, or -ENAMETOOLONG. */
int dp_expand_path(const char *template, const char *program, char path[DP_PATH_MAX]);

/*
 * Makes the directory and its parents. If it is taken (exists and is not empty), appends
 * .<pid> to `path`, then .<pid>.1 and so on. 0 or -errno.
 */
int dp_directory_claim(char path[DP_PATH_MAX]);

/* The functions below use the claimed directory from now on. 0 or -errno. */
int dp_directory_enter(const char *path);
/* The path of the entered directory; "" before. Absolute. */
const char *dp_directory_path(void);
/* In a forked child, which has the parent's directory. */
void dp_directory_leave(void);
/* Removes what the claim has put into the directory, when the log could not be started.
 * Nothing else is in it yet. */
void dp_directory_give_up(const char *path);

/* Opens or makes a file of the log by its name in the directory ("state/process"). Returns
 * a descriptor, to be closed soon, or -errno. */
int dp_directory_create(const char *name);
int dp_directory_open(const char *name);
int dp_directory_open_read(const char *name);
int dp_directory_unlink(const char *name);

#endif
