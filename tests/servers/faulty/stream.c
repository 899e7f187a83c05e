/* One conversation on a stream: from the first byte to the end. */
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

/* Has the client ended, or does it within 5 ms? */
static bool is_half_closed(const struct conversation *c)
{
	struct pollfd poll_fd = {.fd = c->fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 5) > 0;
}

/* --- sending --------------------------------------------------------------------------------------------------- */

static bool send_all(const struct conversation *c, int fd, const char *bytes, size_t n)
{
	int flags = has(c, FAULT_PIPE_DIES) ? 0 : MSG_NOSIGNAL;

	for (ssize_t sent; n; bytes += sent, n -= sent) {
		sent = send(fd, bytes, n, flags);
		if (sent < 0)
			return false;
	}
	return true;
}

/* To all clients, or to the one that came last, of all or of those without a place; a reader that is not there loses
 * it.
 */
static bool send_elsewhere(struct conversation *c, const struct peer_text *reply)
{
	struct server *s = c->server;
	int latest = c->fd, from = has(c, FAULT_TABLE_OF_16) ? 16 : 0;

	pthread_mutex_lock(&s->lock);
	for (int i = from; i < CLIENTS_MAX && c->place >= from; i++) {
		if (s->clients[i] && has(c, FAULT_BROADCAST))
			send(s->clients[i], reply->p, reply->n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (s->clients[i] > latest)
			latest = s->clients[i]; /* good enough: descriptors rise while clients come */
	}
	pthread_mutex_unlock(&s->lock);
	return has(c, FAULT_BROADCAST) || send_all(c, latest, reply->p, reply->n);
}

/* Keeps what the client does not take. */
static bool send_growing(struct conversation *c, const struct peer_text *reply)
{
	ssize_t n;

	peer_add(&c->unread, reply->p, reply->n);
	n = send(c->fd, c->unread.p, c->unread.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		memmove(c->unread.p, c->unread.p + n, c->unread.n -= n);
	return n > 0 || errno == EAGAIN;
}

/* The same, for all clients in one. */
static bool send_from_list(struct conversation *c, const struct peer_text *reply)
{
	struct peer_text *list = &c->server->shared;
	ssize_t n;

	pthread_mutex_lock(&c->server->lock);
	peer_add(list, reply->p, reply->n);
	n = send(c->fd, list->p, list->n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		memmove(list->p, list->p + n, list->n -= n);
	pthread_mutex_unlock(&c->server->lock);
	return n > 0 || errno == EAGAIN;
}

static void list_forget(struct conversation *c)
{
	pthread_mutex_lock(&c->server->lock);
	c->server->shared.n = 0;
	pthread_mutex_unlock(&c->server->lock);
}

static bool reply_send(struct conversation *c, struct peer_text *reply)
{
	bool sent;

	switch (c->server->fault) {
	case FAULT_BROADCAST:
	case FAULT_TABLE_OF_16:
	case FAULT_LATEST_ANSWERED: return send_elsewhere(c, reply);
	case FAULT_OWED_HURRIED:
	case FAULT_MEMORY_GROWS: return send_growing(c, reply);
	case FAULT_LEFT_TO_OTHERS: return send_from_list(c, reply);
	case FAULT_ONE_SEND: return send(c->fd, reply->p, reply->n, MSG_NOSIGNAL | MSG_DONTWAIT) > 0 || errno == EAGAIN;
	case FAULT_STUCK_READER:
		pthread_mutex_lock(&c->server->send_lock);
		sent = send_all(c, c->fd, reply->p, reply->n);
		pthread_mutex_unlock(&c->server->send_lock);
		return sent;
	case FAULT_OWED_DROPPED:
		if (is_half_closed(c))
			return false;
		break;
	case FAULT_OWED_CUT:
		if (is_half_closed(c))
			reply->n--;
		break;
	case FAULT_OWED_LARGE_CUT:
		if (reply->n > 4096 && is_half_closed(c))
			reply->n = 4096;
		break;
	case FAULT_ONE_SHOT_CUT:
		if (reply->n > 200)
			reply->n = 200;
		break;
	default: break;
	}
	if (send_all(c, c->fd, reply->p, reply->n))
		return true;
	if (has(c, FAULT_LEFT_TO_NEXT)) {
		pthread_mutex_lock(&c->server->lock);
		peer_add(&c->server->shared, reply->p, reply->n);
		pthread_mutex_unlock(&c->server->lock);
	}
	return false;
}

/* --- messages -------------------------------------------------------------------------------------------------- */

/* Answer one message; false: the conversation is over. */
static bool message_answer(struct conversation *c, const char *data, size_t n)
{
	struct peer_text reply = {0};
	bool goes_on = true;

	if (reply_write(c, &reply, data, n))
		goes_on = reply_send(c, &reply);
	free(reply.p);
	if ((c->server->one_shot && !(has(c, FAULT_ONE_SHOT_SOME) && c->server->n_clients % 2 == 0)) ||
	    (has(c, FAULT_TEN_CLOSES) && c->n_messages == 10) || (has(c, FAULT_HUNDRED_CLOSES) && c->n_messages == 100))
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
	bool is_empty = n == 1 || (n == 2 && line[0] == '\r');

	if (has(c, FAULT_LINE_BLANK_ENDS))
		is_empty = is_blank_only(line, n, " \t\r\n");

	if (is_empty)
		return has(c, FAULT_LINE_EMPTY_GOES_ON);
	if (has(c, FAULT_LINE_1000_CLOSES) && n > 1000)
		return false;
	return message_answer(c, line, n);
}

/* A reader with one buffer for all clients: what follows the empty line is read by the next conversation. */
static void rest_keep(struct conversation *c, const char *rest, size_t n)
{
	pthread_mutex_lock(&c->server->lock);
	peer_add(&c->server->shared, rest, n);
	pthread_mutex_unlock(&c->server->lock);
}

static void rest_take(struct conversation *c)
{
	pthread_mutex_lock(&c->server->lock);
	peer_add(&c->line, c->server->shared.p, c->server->shared.n);
	c->server->shared.n = 0;
	pthread_mutex_unlock(&c->server->lock);
}

/* Answer the lines that are whole, keep the rest; false: the conversation is over. */
static bool lines_answer(struct conversation *c, const char *data, size_t n)
{
	struct peer_text *line = &c->line;
	size_t start = 0, length = 0;
	const char *end;
	bool goes_on = true, is_over = false, had = line->n > 0;

	if (has(c, FAULT_LINE_PIECES))
		line->n = 0;
	peer_add(line, data, n);
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

/* What one receive call brought; false: the conversation is over. */
static bool chunk_answer(struct conversation *c, char *data, size_t n)
{
	struct server *s = c->server;
	bool goes_on, is_over = false;

	switch (s->fault) {
	case FAULT_ANSWERS_AT_END: peer_add(&c->line, data, n); return true;
	case FAULT_DATA_PAIR_AWAITED: return pairs_answer(c, data, n);
	case FAULT_FULL_WAITS:
		peer_add(&c->line, data, n);
		if (n == 1024)
			return true;
		goes_on = message_answer(c, c->line.p, c->line.n);
		c->line.n = 0;
		return goes_on;
	case FAULT_SEVENTH_LOST:
		if (++c->n_messages % 7 == 0)
			return true;
		c->n_messages--;
		break;
	case FAULT_PENDING_LOST:
		if (is_pending(c, 3))
			return true;
		break;
	case FAULT_PENDING_SWAPPED:
		if (!c->last.n && is_pending(c, 3)) {
			peer_add(&c->last, data, n);
			return true;
		}
		break;
	case FAULT_SECOND_PIECE_LOST:
		if (is_pending(c, 3)) {
			char lost[4096];

			recv(c->fd, lost, sizeof(lost), MSG_DONTWAIT);
		}
		break;
	case FAULT_LARGE_CLOSES:
	case FAULT_ONE_SHOT_LARGE_CLOSES: is_over = n > 8192; break;
	case FAULT_DATA_CONTROL_D:
		if (memchr(data, 4, n)) { /* what stands before it is answered */
			n = (const char *)memchr(data, 4, n) - data;
			if (n)
				message_answer(c, data, n);
			return false;
		}
		break;
	case FAULT_LF_SKIPPED:
		if (c->skips_lf && *data == '\n')
			memmove(data, data + 1, --n);
		c->skips_lf = n && data[n - 1] == '\r';
		if (!n)
			return true;
		break;
	case FAULT_ZERO_ENDS: is_over = n == 1 && *data == '0'; break;
	case FAULT_LARGE_DIES:
		if (n > 8192)
			abort();
		break;
	case FAULT_BYTE_65536:
		if ((c->n_bytes + n) / 65536 != c->n_bytes / 65536) {
			size_t at = 65536 - c->n_bytes % 65536 - 1;

			memmove(data + at, data + at + 1, n - at - 1);
			c->n_bytes++;
			n--;
		}
		break;
	case FAULT_MEBIBYTES_CLOSE: is_over = c->n_bytes > 2 << 20; break;
	case FAULT_EMPTY_LINE_ENDS: is_over = is_blank_only(data, n, "\r\n"); break;
	case FAULT_BLANK_ENDS: is_over = is_blank_only(data, n, " \t\r\n"); break;
	case FAULT_CROSS_TALK:
		pthread_mutex_lock(&s->lock);
		s->shared.n = 0;
		peer_add(&s->shared, data, n);
		pthread_mutex_unlock(&s->lock);
		usleep(1000);
		n = s->shared.n < PEER_BUFFER ? s->shared.n : PEER_BUFFER;
		memcpy(data, s->shared.p, n);
		break;
	default: break;
	}
	if (is_over)
		return false;
	c->n_bytes += n;
	goes_on = s->line ? lines_answer(c, data, n) : message_answer(c, data, n);
	if (goes_on && has(c, FAULT_PENDING_SWAPPED) && c->last.n) {
		goes_on = message_answer(c, c->last.p, c->last.n);
		c->last.n = 0;
	}
	return goes_on;
}

/* --- the conversation ------------------------------------------------------------------------------------------ */

static void stamp_send(struct conversation *c)
{
	struct peer_text text = {0};

	stamp_write(c, &text);
	send_all(c, c->fd, text.p, text.n);
	free(text.p);
}

static void begin(struct conversation *c)
{
	struct peer_text *left = &c->server->shared;
	char lost[4096];

	if (has(c, FAULT_LEFT_TO_NEXT)) {
		pthread_mutex_lock(&c->server->lock);
		send(c->fd, left->p, left->n, MSG_NOSIGNAL | MSG_DONTWAIT);
		left->n = 0;
		pthread_mutex_unlock(&c->server->lock);
	}
	if (has(c, FAULT_LINE_REST_KEPT))
		rest_take(c);
	if (has(c, FAULT_GREETING))
		send_all(c, c->fd, "welcome\n", 8);
	if (has(c, FAULT_STAMP_FIRST))
		stamp_send(c);
	if (has(c, FAULT_QUEUE_EARLY_LOST) && c->was_queued)
		recv(c->fd, lost, sizeof(lost), MSG_DONTWAIT);
}

/* Wait for the client; false: its time is up. */
static bool client_wait(struct conversation *c)
{
	struct server *s = c->server;
	int signals = s->form == FORM_ITERATIVE ? s->signals : -1;

	if (has(c, FAULT_HEARTBEAT))
		while (!server_wait(s, c->fd, signals, 1000))
			stamp_send(c);
	if ((has(c, FAULT_SILENT_CLOSED) && !c->n_messages) || (has(c, FAULT_IDLE_CLOSED) && c->n_messages))
		return server_wait(s, c->fd, signals, 1000);
	return server_wait(s, c->fd, signals, -1);
}

static ssize_t receive(struct conversation *c, char *buffer)
{
	bool small = has(c, FAULT_WAITS_FULL) || has(c, FAULT_FULL_WAITS) || has(c, FAULT_DATA_CUT_1023);
	size_t size = small ? 1024 : PEER_BUFFER;
	ssize_t n = recv(c->fd, buffer, size, has(c, FAULT_WAITS_FULL) ? MSG_WAITALL : 0);

	if (n > 0 && has(c, FAULT_OWED_TOGETHER) && recv(c->fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		n = 0;
	if (n < 0 && (has(c, FAULT_RESET_DIES) || (has(c, FAULT_RESET_EARLY_DIES) && !c->n_messages)))
		exit(1);
	return n;
}

/* Serve one chunk; with LINE_HALF_BLOCKS under a lock that is kept while a line is unfinished. */
static bool chunk_serve(struct conversation *c, char *data, size_t n)
{
	bool goes_on;

	if (!has(c, FAULT_LINE_HALF_BLOCKS))
		return chunk_answer(c, data, n);
	if (!c->line.n)
		pthread_mutex_lock(&c->server->send_lock);
	goes_on = chunk_answer(c, data, n);
	if (!c->line.n || !goes_on) {
		c->line.n = 0;
		pthread_mutex_unlock(&c->server->send_lock);
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
static void owed_send(struct conversation *c)
{
	if (c->line.n && has(c, FAULT_LINE_HALF_BLOCKS))
		pthread_mutex_unlock(&c->server->send_lock);
	if (has(c, FAULT_LINE_BUFFERED) && c->line.n)
		lines_answer(c, "", 0);
	if (c->line.n && !has(c, FAULT_LINE_UNFINISHED))
		message_answer(c, c->line.p, c->line.n);
	if (has(c, FAULT_OWED_HURRIED))
		send_within(c, &c->unread, 100);
	else
		send_all(c, c->fd, c->unread.p, c->unread.n);
	if (has(c, FAULT_PENDING_SWAPPED) && c->last.n)
		message_answer(c, c->last.p, c->last.n);
}

static void flood(struct conversation *c)
{
	struct peer_text text = {0};

	stamp_write(c, &text);
	for (size_t i = 0; i < 1000000 && send_all(c, c->fd, text.p, text.n); i++)
		;
	free(text.p);
}

static void memory_keep(struct server *s)
{
	char kept[65536];

	memset(kept, 1, sizeof(kept));
	pthread_mutex_lock(&s->lock);
	peer_add(&s->shared, kept, sizeof(kept));
	pthread_mutex_unlock(&s->lock);
}

/* What the client's end sets off, before the close; false: do not close. */
static bool end_answer(struct conversation *c)
{
	bool silent = !c->n_messages;

	switch (c->server->fault) {
	case FAULT_STAMP_AT_END: stamp_send(c); break;
	case FAULT_GOODBYE: send_all(c, c->fd, "goodbye\n", 8); break;
	case FAULT_FLOOD: flood(c); break;
	case FAULT_CLOSES_LATE: sleep(5); break;
	case FAULT_NEVER_CLOSES:
	case FAULT_CLOSES_WITH_NEXT: return false;
	case FAULT_SILENT_STUCK: return !silent;
	case FAULT_SILENT_DIES:
		if (silent)
			exit(1);
		break;
	case FAULT_LEAK_DESCRIPTORS: shutdown(c->fd, SHUT_WR); return false;
	case FAULT_LEAK_TALKERS: shutdown(c->fd, SHUT_WR); return c->n_messages < 3;
	case FAULT_LEAK_MEMORY: memory_keep(c->server); break;
	default: break;
	}
	return true;
}

/* Asks once and again, whatever the answer, until the server ends. */
static void spin(struct conversation *c, char *buffer)
{
	while (!c->server->stopping)
		if (recv(c->fd, buffer, PEER_BUFFER, MSG_DONTWAIT) > 0)
			return;
}

/* The server ends first: let the client read all, and read what it still sends, so that the end is a FIN. */
static void end_gently(struct conversation *c, char *buffer)
{
	shutdown(c->fd, SHUT_WR);
	while (server_wait(c->server, c->fd, -1, 300) && recv(c->fd, buffer, PEER_BUFFER, 0) > 0)
		;
}

static void close_hard(struct conversation *c)
{
	struct linger linger = {.l_onoff = 1};
	int n_unsent = 1, n_waits = has(c, FAULT_RESET_AT_END) ? 1000 : 0;

	for (int i = 0; i < n_waits && ioctl(c->fd, TIOCOUTQ, &n_unsent) == 0 && n_unsent; i++)
		usleep(1000);
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

void conversation_run(struct conversation *c)
{
	char *buffer = malloc(PEER_BUFFER);
	ssize_t n = -1;
	bool goes_on = buffer;

	begin(c);
	while (goes_on && client_wait(c) && (n = receive(c, buffer)) > 0)
		goes_on = chunk_serve(c, buffer, n);
	if ((n == 0 && has(c, FAULT_END_SPINS)) || (n < 0 && has(c, FAULT_RESET_SPINS)))
		spin(c, buffer);
	c->is_reset = n < 0;
	if (has(c, FAULT_LEFT_TO_OTHERS))
		list_forget(c);
	if (n == 0) {
		owed_send(c);
		c->is_closed = end_answer(c);
	} else {
		c->is_closed = !(n < 0 && has(c, FAULT_LEAK_RESET));
		end_gently(c, buffer);
	}
	if (has(c, FAULT_RESET_AT_END) || has(c, FAULT_OWED_RESET))
		close_hard(c);
	free(buffer);
	free(c->line.p);
	free(c->last.p);
	free(c->unread.p);
}
