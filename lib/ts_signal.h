/*
 * Signals: the one mutable state at file scope in the house. Handlers only set flags; system calls return EINTR.
 */
#ifndef TS_SIGNAL_H
#define TS_SIGNAL_H

#include <stdbool.h>

/* SIGTERM, SIGINT and, unless it is ignored, SIGHUP ask for a stop, SIGUSR1 for a report. SIGPIPE and SIGXFSZ are
 * ignored: a write that is too much fails, and does not kill. No SA_RESTART. */
void ts_signal_install(void);

/* In a child that becomes another program: it gets the signals as if they had never been ours. */
void ts_signal_uninstall(void);

int ts_signal_stop(void);         /* the signal that asked for a stop, or 0 */
int ts_signal_stop_count(void);   /* how often: a second Ctrl-C means now */
bool ts_signal_take_report(void); /* SIGUSR1 came since the last call */

/* Block the four signals in this thread and its future ones, and receive them from a descriptor (signalfd,
 * non-blocking, owned) instead: for event loops. SIGHUP, too, unless it is ignored: it asks for a stop as SIGTERM does.
 * Returns it or -errno. */
int ts_signal_fd(void);

/* A further flag, for a signal that was read from the descriptor: counts as if the handler had run. */
void ts_signal_note(int signo);

#endif
