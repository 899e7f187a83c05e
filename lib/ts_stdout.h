/*
 * The end of what a program prints: has all of it been taken? fflush(3) alone does not say: it is about what is still
 * in the buffer, and a longer text has left it before. Source: ferror(3).
 */
#ifndef TS_STDOUT_H
#define TS_STDOUT_H

/* 0 or -errno; -EIO where an earlier write failed, whose reason nobody has kept. */
int ts_stdout_flush(void);

#endif
