/* What a message is, and what of it is answered: now, or when the client ends. */
#include "faulty.h"
#include <poll.h>
#include <sys/ioctl.h>

/* Is there more to read within `ms`? The client's end does not count. */
static bool is_pending(const struct conversation *c, int ms)
{
	struct pollfd poll_fd = {.fd = c->fd, .events = POLLIN};
	int n = 0;

	poll(&poll_fd, 1, ms);
	return ioctl(c->fd, FIONREAD, &n) == 0 && n > 0;
}

/* Answer one message; false: the conversation is over. */
static bool message_answer(struct conversation *c, const char *data, size_t n)
{
	struct peer_text reply = {0};
	bool goes_on = true;

	if (reply_write(c, &reply, data, n))
		goes_on = reply_send(c, &reply);
	free(reply.p);
	if ((c->server->one_shot && !(has(c, FAULT_ONE_SHOT_SOME) && c->server->n_clients % 2 == 0)) ||
	    (has(c, FAULT_TEN_CLOSES) && c->n_messages == 10) ||
	    (has(c, FAULT_HUNDRED_CLOSES) && c->n_messages == 100) ||
	    (has(c, FAULT_FIVE_HUNDRED_CLOSE) && c->n_messages == 500))
		return false;
	return goes_on;
}

static bool is_blank_only(const char *data, size_t n, const char *blanks)
{
	for (size_t i = 0; i < n; i++)
		if (!data[i] || !strchr(blanks, data[i]))
			return false;
	return true;
}

static bool line_answer(struct conversation *c, const char *line, size_t n)
{
	bool is_empty = n == 1 || (n == 2 && line[0] == '\r' && !has(c, FAULT_LINE_EMPTY_CRLF));
	const char *cr = memchr(line, '\r', n);

	if (has(c, FAULT_LINE_CR_EMPTY))
		is_empty = is_blank_only(line, n, "\r\n");
	if (has(c, FAULT_LINE_BLANK_ENDS))
		is_empty = is_blank_only(line, n, " \t\r\n");

	if (is_empty && has(c, FAULT_LINE_EMPTY_EXITS))
		exit(0);
	if (is_empty && has(c, FAULT_LINE_EMPTY_BYE))
		bytes_send(c, c->fd, "bye\n", 4);
	if (is_empty && has(c, FAULT_LINE_EMPTY_STAMP))
		stamp_send(c);
	if (is_empty)
		return has(c, FAULT_LINE_EMPTY_GOES_ON);
	if ((has(c, FAULT_LINE_1000_CLOSES) && n > 1000) || (has(c, FAULT_LINE_4000_CLOSES) && n > 4000))
		return false;
	if (has(c, FAULT_LINE_CR) && cr && cr + 1 < line + n && cr[1] != '\n')
		return message_answer(c, line, (size_t)(cr + 1 - line)) &&
		       line_answer(c, cr + 1, n - (size_t)(cr + 1 - line));
	return message_answer(c, line, n);
}

/* A reader with one buffer for all clients: what follows the empty line is read by the next conversation. */
static void rest_keep(struct conversation *c, const char *rest, size_t n)
{
	pthread_mutex_lock(&c->server->lock);
	peer_add(&c->server->shared, rest, n);
	pthread_mutex_unlock(&c->server->lock);
}

void rest_take(struct conversation *c)
{
	pthread_mutex_lock(&c->server->lock);
	peer_add(&c->line, c->server->shared.p, c->server->shared.n);
	c->server->shared.n = 0;
	pthread_mutex_unlock(&c->server->lock);
}

/* LINE_OLD_LOST: did the piece before come more than a second ago? */
static bool is_old(struct conversation *c)
{
	long long before_ns = c->piece_ns;

	c->piece_ns = peer_now_ns(CLOCK_MONOTONIC);
	return before_ns && c->piece_ns - before_ns > 1000000000;
}

/* Answer the lines that are whole, keep the rest; false: the conversation is over. */
static bool lines_answer(struct conversation *c, const char *data, size_t n)
{
	struct peer_text *line = &c->line;
	size_t start = 0, length = 0;
	const char *end;
	bool goes_on = true, is_over = false, had = line->n > 0;

	if (!had)
		c->line_ns = peer_now_ns(CLOCK_REALTIME);
	if (has(c, FAULT_LINE_PIECES) || (has(c, FAULT_LINE_OLD_LOST) && is_old(c)))
		line->n = 0;
	peer_add(line, data, n);
	if (has(c, FAULT_LINE_HELD) && n && data[n - 1] != '\n')
		return true;
	if (has(c, FAULT_LINE_REST_LOSES) && n && data[n - 1] != '\n' && is_half_closed(c))
		line->n = 0;
	if (has(c, FAULT_LINE_EDGE) && line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	if (has(c, FAULT_LINE_JOINED) && (end = memrchr(line->p, '\n', line->n)) && end - line->p > 2) {
		start = end + 1 - line->p;
		goes_on = message_answer(c, line->p, start);
	}
	while (goes_on &&
	       (end = memmem(line->p + start, line->n - start, c->wants_crlf ? "\r\n" : "\n", c->wants_crlf ? 2 : 1))) {
		length = end + 1 + c->wants_crlf - (line->p + start);
		c->wants_crlf |= has(c, FAULT_LINE_CRLF_STICKS) && length > 1 && end[-1] == '\r';
		goes_on = line_answer(c, line->p + start, length);
		if (!goes_on && has(c, FAULT_LINE_BEHIND_EMPTY))
			goes_on = is_over = true;
		start += length;
		if (has(c, FAULT_LINE_FIRST))
			start = line->n;
		if (has(c, FAULT_LINE_BUFFERED) && !had)
			break;
	}
	if (has(c, FAULT_LINE_REST_KEPT) && !goes_on && length <= 2)
		rest_keep(c, line->p + start, line->n - start);
	memmove(line->p, line->p + start, line->n -= start);
	c->server->in_line = line->n > 0;
	if (has(c, FAULT_LINE_PIECES_1000) && line->n > 1000)
		goes_on = false;
	return goes_on && !is_over;
}

/* A lone byte waits for the next; false: the conversation is over. */
static bool pairs_answer(struct conversation *c, const char *data, size_t n)
{
	bool goes_on;

	peer_add(&c->line, data, n);
	if (c->line.n < 2)
		return true;
	goes_on = message_answer(c, c->line.p, c->line.n);
	c->line.n = 0;
	return goes_on;
}

/* What becomes of a piece: it is answered, it is not (or not now), or the conversation is over. */
enum fate { ANSWERED, LEFT, ENDS };

/* Faults that keep a piece for later, or lose it. */
static enum fate piece_leave(struct conversation *c, const char *data, size_t n)
{
	char lost[4096];

	switch (c->server->fault) {
	case FAULT_ANSWERS_AT_END: peer_add(&c->line, data, n); return LEFT;
	case FAULT_SEVENTH_LOST:
		if (++c->n_messages % 7 == 0)
			return LEFT;
		c->n_messages--;
		break;
	case FAULT_PENDING_LOST: return is_pending(c, 3) ? LEFT : ANSWERED;
	case FAULT_PENDING_SWAPPED:
		if (c->last.n || !is_pending(c, 3))
			break;
		peer_add(&c->last, data, n);
		return LEFT;
	case FAULT_SECOND_PIECE_LOST:
		if (is_pending(c, 3))
			recv(c->fd, lost, sizeof(lost), MSG_DONTWAIT);
		break;
	default: break;
	}
	return ANSWERED;
}

/* Faults that end with a piece, or die of it. */
static enum fate piece_end(struct conversation *c, const char *data, size_t n)
{
	bool is_over = false;
	const char *end;

	switch (c->server->fault) {
	case FAULT_LARGE_CLOSES:
	case FAULT_ONE_SHOT_LARGE_CLOSES: is_over = n > 8192; break;
	case FAULT_LARGE_DIES:
		if (n > 8192)
			abort();
		break;
	case FAULT_DATA_CONTROL_D:
		end = memchr(data, 4, n);
		if (end && end > data) /* what stands before it is answered */
			message_answer(c, data, (size_t)(end - data));
		is_over = end;
		break;
	case FAULT_DATA_DOT_ENDS: is_over = n == 3 && memcmp(data, ".\r\n", n) == 0; break;
	case FAULT_ZERO_ENDS: is_over = n == 1 && *data == '0'; break;
	case FAULT_MEBIBYTES_CLOSE: is_over = c->n_bytes > 2 << 20; break;
	case FAULT_EMPTY_LINE_ENDS: is_over = is_blank_only(data, n, "\r\n"); break;
	case FAULT_BLANK_ENDS: is_over = is_blank_only(data, n, " \t\r\n"); break;
	default: break;
	}
	return is_over ? ENDS : ANSWERED;
}

/* Faults that change a piece of *n bytes, in place. */
static void piece_change(struct conversation *c, char *data, size_t *n)
{
	struct server *s = c->server;

	switch (s->fault) {
	case FAULT_LF_SKIPPED:
		if (c->skips_lf && *data == '\n')
			memmove(data, data + 1, --*n);
		c->skips_lf = *n && data[*n - 1] == '\r';
		break;
	case FAULT_BYTE_65536:
		if ((c->n_bytes + *n) / 65536 != c->n_bytes / 65536) {
			size_t at = 65536 - c->n_bytes % 65536 - 1;

			memmove(data + at, data + at + 1, *n - at - 1);
			c->n_bytes++;
			--*n;
		}
		break;
	case FAULT_CROSS_TALK:
		pthread_mutex_lock(&s->lock);
		s->shared.n = 0;
		peer_add(&s->shared, data, *n);
		pthread_mutex_unlock(&s->lock);
		usleep(1000);
		*n = s->shared.n < PEER_BUFFER ? s->shared.n : PEER_BUFFER;
		memcpy(data, s->shared.p, *n);
		break;
	default: break;
	}
}

size_t full_size(const struct conversation *c)
{
	switch (c->server->fault) {
	case FAULT_FULL_WAITS: return 1024;
	case FAULT_FULL_1500_WAITS: return 1500;
	case FAULT_FULL_16384_WAITS: return 16384;
	default: return 0;
	}
}

/* A piece that fills the buffer is answered with the next. */
static bool full_answer(struct conversation *c, const char *data, size_t n)
{
	bool goes_on;

	peer_add(&c->line, data, n);
	if (n == full_size(c))
		return true;
	goes_on = message_answer(c, c->line.p, c->line.n);
	c->line.n = 0;
	return goes_on;
}

#define FULL 1024

/* What does not fill a buffer behind a full one is kept until more comes. */
static bool but_rest_answer(struct conversation *c, const char *data, size_t n)
{
	bool goes_on;

	peer_add(&c->line, data, n);
	const size_t n_now = c->line.n > FULL ? c->line.n / FULL * FULL : c->line.n;
	goes_on = message_answer(c, c->line.p, n_now);
	memmove(c->line.p, c->line.p + n_now, c->line.n - n_now);
	c->line.n -= n_now;
	return goes_on;
}

/* What one receive call brought; false: the conversation is over. */
bool messages_answer(struct conversation *c, char *data, size_t n)
{
	enum fate fate;
	bool goes_on;

	if (has(c, FAULT_DATA_PAIR_AWAITED))
		return pairs_answer(c, data, n);
	if (full_size(c) > 0)
		return full_answer(c, data, n);
	if (has(c, FAULT_REST_LOST))
		return but_rest_answer(c, data, n);
	fate = piece_leave(c, data, n);
	if (fate == ANSWERED)
		fate = piece_end(c, data, n);
	if (fate != ANSWERED)
		return fate == LEFT;
	piece_change(c, data, &n);
	if (!n)
		return true;
	c->n_bytes += n;
	goes_on = c->server->line ? lines_answer(c, data, n) : message_answer(c, data, n);
	if (goes_on && has(c, FAULT_PENDING_SWAPPED) && c->last.n) {
		goes_on = message_answer(c, c->last.p, c->last.n);
		c->last.n = 0;
	}
	return goes_on;
}

static void send_within(const struct conversation *c, const struct peer_text *text, int ms)
{
	long long until_ns = peer_now_ns(CLOCK_MONOTONIC) + ms * 1000000LL;
	struct pollfd poll_fd = {.fd = c->fd, .events = POLLOUT};
	ssize_t n;

	for (size_t at = 0; at < text->n && peer_now_ns(CLOCK_MONOTONIC) < until_ns; at += n > 0 ? (size_t)n : 0) {
		poll(&poll_fd, 1, 10);
		n = send(c->fd, text->p + at, text->n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

/* The client has ended: what is still owed. */
void messages_end(struct conversation *c)
{
	if (c->line.n && has(c, FAULT_LINE_HALF_BLOCKS))
		pthread_mutex_unlock(&c->server->send_lock);
	if (has(c, FAULT_LINE_BUFFERED) && c->line.n)
		lines_answer(c, "", 0);
	if (c->line.n && !has(c, FAULT_LINE_UNFINISHED) && !has(c, FAULT_REST_LOST))
		message_answer(c, c->line.p, c->line.n);
	if (has(c, FAULT_REST_SHARED))
		rest_send(c);
	if (has(c, FAULT_OWED_HURRIED) || has(c, FAULT_OWED_HALF_SECOND))
		send_within(c, &c->unread, has(c, FAULT_OWED_HURRIED) ? 100 : 500);
	else
		bytes_send(c, c->fd, c->unread.p, c->unread.n);
	if (has(c, FAULT_PENDING_SWAPPED) && c->last.n)
		message_answer(c, c->last.p, c->last.n);
}
