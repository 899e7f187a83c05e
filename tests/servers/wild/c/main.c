/*
 * Timestamp servers in C as they are found in the wild, one shape each; wild.tsv says what to think of them.
 *
 * usage: c SHAPE [URI]. One client at a time, char buffers, and what beginners do with them.
 */
#include "peer.h"

#define BUFSIZE 1024

/* One conversation's way with the bytes of one recv: builds the reply, returns its length. `data`
 * has room for a NUL. */
typedef size_t reply_fn(char *reply, size_t size, char *data, size_t n);

static const char *ctime_now(void)
{
	time_t now = time(NULL);

	return ctime(&now); /* with its newline */
}

static size_t reply_newline(char *reply, size_t size, char *data, size_t n)
{
	(void)n;
	return snprintf(reply, size, "[%s] %s", ctime_now(), data);
}

static size_t reply_string(char *reply, size_t size, char *data, size_t n)
{
	(void)n;
	return snprintf(reply, size, "[%.24s] %s", ctime_now(), data);
}

static size_t reply_whole_buffer(char *reply, size_t size, char *data, size_t n)
{
	reply_string(reply, size, data, n);
	return size;
}

static size_t reply_with_nul(char *reply, size_t size, char *data, size_t n)
{
	return reply_string(reply, size, data, n) + 1;
}

static size_t reply_correct(char *reply, size_t size, char *data, size_t n)
{
	size_t n_stamp = snprintf(reply, size, "[%.24s] ", ctime_now());

	memcpy(reply + n_stamp, data, n);
	return n_stamp + n;
}

/* The buffer is not cleared between messages, and the length is strlen's. */
static size_t reply_stale(char *reply, size_t size, char *data, size_t n)
{
	static char buffer[BUFSIZE + 1];

	memcpy(buffer, data, n);
	return snprintf(reply, size, "[%.24s] %s", ctime_now(), buffer);
}

/* The year and the month as struct tm has them. */
static size_t reply_tm(char *reply, size_t size, char *data, size_t n)
{
	time_t now = time(NULL);
	struct tm *tm = localtime(&now);
	size_t n_stamp = snprintf(reply, size, "[%d-%d-%d %d:%d:%d]", tm->tm_year, tm->tm_mon, tm->tm_mday, tm->tm_hour,
	                          tm->tm_min, tm->tm_sec);

	memcpy(reply + n_stamp, data, n);
	return n_stamp + n;
}

/* Correct digits without leading zeros: 2026-11-22 9:5:3. */
static size_t reply_unpadded(char *reply, size_t size, char *data, size_t n)
{
	time_t now = time(NULL) / 3600 * 3600 + 65;
	struct tm *tm = localtime(&now);
	size_t n_stamp = snprintf(reply, size, "[%d-%d-%d %d:%d:%d]", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday,
	                          tm->tm_hour, tm->tm_min, tm->tm_sec);

	memcpy(reply + n_stamp, data, n);
	return n_stamp + n;
}

static const struct {
	const char *name;
	reply_fn *reply;
} shapes[] = {
        {"correct", reply_correct}, {"newline", reply_newline},
        {"string", reply_string},   {"whole-buffer", reply_whole_buffer},
        {"nul", reply_with_nul},    {"stale", reply_stale},
        {"tm", reply_tm},           {"unpadded", reply_unpadded},
};
#define N_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void converse(int fd, reply_fn *reply)
{
	char data[BUFSIZE + 1], text[BUFSIZE + 128];
	ssize_t n;

	while ((n = recv(fd, data, BUFSIZE, 0)) > 0) {
		data[n] = 0;
		memset(text, 0, sizeof(text));
		n = reply(text, sizeof(text), data, n);
		send(fd, text, n, MSG_NOSIGNAL);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	reply_fn *reply = NULL;
	struct peer_endpoint ep;
	int listener, fd;

	for (size_t i = 0; argc > 1 && i < N_SHAPES; i++)
		if (!strcmp(argv[1], shapes[i].name))
			reply = shapes[i].reply;
	if (!reply)
		peer_die(2, "usage: c SHAPE [URI]; no such shape");
	peer_parse(&ep, argc > 2 ? argv[2] : "tcp://127.0.0.1:0");
	listener = peer_listen(&ep, 0);
	peer_ready(-1, &ep);
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		converse(fd, reply);
	return 3;
}
