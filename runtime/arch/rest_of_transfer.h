/*
 * The rest of a write(), send() or recv() that our signal cut short. A signal handler puts a
 * thread there that is just behind such a system call (sampling/mend.h); it makes the call again
 * for the rest, and goes on with the sum as the result. Places in code, no functions; x86-64.
 */
#ifndef DP_REST_OF_TRANSFER_H
#define DP_REST_OF_TRANSFER_H

/* Where the thread is put; rest_of_transfer.S says what its registers have there. */
extern const char dp_rest_of_transfer[];
/* The same, for a thread that is at dp_rest_returns: the second call was cut short, too. */
extern const char dp_rest_cut_short[];
extern const char dp_rest_returns[];

#endif
