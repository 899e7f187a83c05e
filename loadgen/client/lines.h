/*
 * Lines of a descriptor, without blocking in the middle of one: for a loop that also watches a socket.
 *
 * A line is what comes before LF or CR LF, or before the end of the input. Lines are borrowed until the next call.
 */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	int fd;      /* borrowed */
	char *bytes; /* owned */
	size_t begin, end, size;
	bool at_end; /* the input has ended: what is left is the last line */
};

void lines_init(struct lines *l, int fd);
void lines_release(struct lines *l);

/* One read(2), when poll(2) says that it will not wait. 0, or -errno. */
int lines_fill(struct lines *l);

/* The next whole line without its ending, or NULL when there is none yet (or, if at_end, none any more). */
const char *lines_next(struct lines *l, size_t *n);

#endif
