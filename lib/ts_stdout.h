/*
 * Standard output, at both ends of a program.
 */
#ifndef TS_STDOUT_H
#define TS_STDOUT_H

/*
 * First of all: where descriptor 0, 1 or 2 was closed, the next file or socket would get its number, and what is
 * printed would go there. Each that is missing is taken, so that its use fails as that of a closed one does.
 */
void ts_stdio_reserve(void);

/* Can it be written to? Then 0, else -EBADF. */
int ts_stdout_check(void);

/*
 * The end of what a program prints: has all of it been taken? fflush(3) alone does not say: it is about what is still
 * in the buffer, and a longer text has left it before. Source: ferror(3).
 */

/* 0 or -errno; -EIO where an earlier write failed, whose reason nobody has kept. */
int ts_stdout_flush(void);

#endif
