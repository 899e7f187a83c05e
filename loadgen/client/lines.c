#include "lines.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROWTH 4096

void lines_init(struct lines *l, int fd)
{
	*l = (struct lines){.fd = fd};
}

void lines_release(struct lines *l)
{
	free(l->bytes);
}

static int make_room(struct lines *l)
{
	if (l->begin > 0) {
		memmove(l->bytes, l->bytes + l->begin, l->end - l->begin);
		l->end -= l->begin;
		l->begin = 0;
	}
	if (l->size - l->end >= GROWTH)
		return 0;
	char *grown = realloc(l->bytes, l->size * 2 + GROWTH);
	if (!grown)
		return -ENOMEM;
	l->bytes = grown;
	l->size = l->size * 2 + GROWTH;
	return 0;
}

int lines_fill(struct lines *l)
{
	int result = make_room(l);

	if (result < 0)
		return result;
	ssize_t n = read(l->fd, l->bytes + l->end, l->size - l->end);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	l->end += (size_t)n;
	l->at_end = n == 0;
	return 0;
}

const char *lines_next(struct lines *l, size_t *n)
{
	if (l->begin == l->end)
		return NULL;
	const char *line = l->bytes + l->begin;
	const char *feed = memchr(line, '\n', l->end - l->begin);
	if (!feed && !l->at_end)
		return NULL;
	*n = feed ? (size_t)(feed - line) : l->end - l->begin;
	l->begin += *n + (feed != NULL);
	if (*n > 0 && line[*n - 1] == '\r')
		(*n)--;
	return line;
}
