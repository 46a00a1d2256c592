/*
 * Draws the flame graphs that functions request. When the process ends, it starts a process of
 * ours that reads the finished log (decisions/0016). Nothing is drawn in the host.
 */
#ifndef DP_PROCESS_PICTURES_H
#define DP_PROCESS_PICTURES_H

/* Call it after functions were registered. When one requests a picture, keeps what is needed to
 * draw it at the end. */
void dp_process_pictures_note(void);

/* Call it in a forked child before its log is opened: its files get their own names. */
void dp_process_pictures_in_child(void);

/* Call it when the log is complete. Starts the process that draws, waits for it if requested,
 * and writes the result into the process's state. */
void dp_process_pictures_draw(void);

#endif
