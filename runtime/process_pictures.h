/*
 * The flame graphs that functions ask for: drawn when the process ends, by a process of ours
 * that reads the finished log (decisions/0016). Nothing is drawn in here.
 */
#ifndef DP_PROCESS_PICTURES_H
#define DP_PROCESS_PICTURES_H

/* After functions were registered: keeps what is needed at the end, once one asks for it. */
void dp_process_pictures_note(void);

/* In a forked child, before its log is opened: its files get names of their own. */
void dp_process_pictures_in_child(void);

/* The log is complete: starts who draws, and waits for it where that is asked for. Writes
 * into the process's state what became of it. */
void dp_process_pictures_draw(void);

#endif
