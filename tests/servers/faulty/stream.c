/* One conversation on a stream: from the first byte to the end. */
#include "faulty.h"
#include <sys/ioctl.h>

static void begin(struct conversation *c)
{
	const struct timeval patience = {.tv_usec = has(c, FAULT_SEND_TIMEOUT_ALONE) ? 300000 : 500000};
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
	if (has(c, FAULT_SEND_TIMEOUT) || has(c, FAULT_SEND_TIMEOUT_ALONE))
		setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (has(c, FAULT_SEND_TIMEOUT_ALONE)) /* or the kernel's may hold all that a client sends */
		setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &(int){16384}, sizeof(int));
	while (has(c, FAULT_SILENT_PLACES) && c->server->n_silent >= 30 && !c->server->stopping)
		usleep(10000);
	if (has(c, FAULT_GREETING))
		bytes_send(c, c->fd, "welcome\n", 8);
	if (has(c, FAULT_STAMP_FIRST))
		stamp_send(c);
	if (has(c, FAULT_QUEUE_EARLY_LOST) && c->was_queued)
		recv(c->fd, lost, sizeof(lost), MSG_DONTWAIT);
	if (has(c, FAULT_FIRST_SHORT_WAITS))
		recv(c->fd, lost, 4, MSG_PEEK | MSG_WAITALL);
}

/* So old a conversation gets; 0: as old as its client wants. */
static int age_ms(const struct conversation *c)
{
	return has(c, FAULT_AGE_CLOSED)         ? 4900
	       : has(c, FAULT_AGE_CLOSED_2)     ? 2000
	       : has(c, FAULT_AGE_CLOSED_ALONE) ? 3100
	                                        : 0;
}

static bool shortens_turns(const struct conversation *c)
{
	return has(c, FAULT_TURN_RESTS) || has(c, FAULT_TURN_OLD) || has(c, FAULT_TURN_LONG);
}

/* Wait for the client while nobody waits behind it; false: its turn is over. */
static bool turn_wait(struct conversation *c)
{
	const long long begin_ns = peer_now_ns(CLOCK_MONOTONIC);
	bool said = false, waited_for = server_has_caller(c->server);

	c->n_waited_for += waited_for;
	while (!said && !(said = server_wait(c->server, c->fd, c->server->signals, 20))) {
		const long long now_ns = peer_now_ns(CLOCK_MONOTONIC);
		if (!c->waited_for_ns && server_has_caller(c->server))
			c->waited_for_ns = now_ns;
		if (has(c, FAULT_TURN_RESTS) && c->waited_for_ns && now_ns - begin_ns > 1000000000)
			return false;
		if (has(c, FAULT_TURN_OLD) && c->waited_for_ns && now_ns - c->waited_for_ns > 1500000000)
			return false;
	}
	return !has(c, FAULT_TURN_LONG) || c->n_waited_for < 20;
}

/* Wait for the client; false: its time is up. */
static bool client_wait(struct conversation *c)
{
	struct server *s = c->server;
	int signals = s->form == FORM_ITERATIVE ? s->signals : -1;
	char lost[4096];

	if (shortens_turns(c))
		return turn_wait(c);

	if (has(c, FAULT_HEARTBEAT) || has(c, FAULT_HEARTBEAT_LATE))
		while (!server_wait(s, c->fd, signals, has(c, FAULT_HEARTBEAT) ? 1000 : 3000))
			stamp_send(c);
	if (has(c, FAULT_REST_FORGETS) && !server_wait(s, c->fd, signals, 2500)) {
		server_wait(s, c->fd, signals, -1);
		recv(c->fd, lost, sizeof(lost), MSG_DONTWAIT);
	}
	if ((has(c, FAULT_SILENT_CLOSED) && !c->n_messages) || (has(c, FAULT_IDLE_CLOSED) && c->n_messages))
		return server_wait(s, c->fd, signals, 1000);
	if (has(c, FAULT_FULL_ENDS) && c->was_full)
		return server_wait(s, c->fd, signals, 40);
	if (age_ms(c) > 0) {
		int left_ms = age_ms(c) - (int)((peer_now_ns(CLOCK_REALTIME) - c->connected_ns) / 1000000);
		return server_wait(s, c->fd, signals, left_ms > 0 ? left_ms : 0);
	}
	return server_wait(s, c->fd, signals, -1);
}

static ssize_t receive(struct conversation *c, char *buffer)
{
	bool small = has(c, FAULT_WAITS_FULL) || has(c, FAULT_DATA_CUT_1023) || has(c, FAULT_FULL_ENDS) ||
	             has(c, FAULT_OWED_FULL_LOST);
	size_t size = small ? 1024 : full_size(c) > 0 ? full_size(c) : PEER_BUFFER;
	ssize_t n = recv(c->fd, buffer, size, has(c, FAULT_WAITS_FULL) ? MSG_WAITALL : 0);

	c->was_full = n == (ssize_t)size;
	bool is_last = has(c, FAULT_OWED_TOGETHER) || (has(c, FAULT_OWED_FULL_LOST) && c->was_full);
	if (n > 0 && is_last && recv(c->fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
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
		return messages_answer(c, data, n);
	if (!c->line.n)
		pthread_mutex_lock(&c->server->send_lock);
	goes_on = messages_answer(c, data, n);
	if (!c->line.n || !goes_on) {
		c->line.n = 0;
		pthread_mutex_unlock(&c->server->send_lock);
	}
	return goes_on;
}

static void flood(struct conversation *c)
{
	struct peer_text text = {0};

	stamp_write(c, &text);
	for (size_t i = 0; i < 1000000 && bytes_send(c, c->fd, text.p, text.n); i++)
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
	case FAULT_STAMP_AT_TALK_END:
		if (!silent)
			stamp_send(c);
		break;
	case FAULT_GOODBYE: bytes_send(c, c->fd, "goodbye\n", 8); break;
	case FAULT_FLOOD: flood(c); break;
	case FAULT_CLOSES_LATE: sleep(5); break;
	case FAULT_CLOSES_LATE_ALONE: usleep(2900000); break;
	case FAULT_IDLE_CLOSES: server_await_idle(c->server); break;
	case FAULT_CLOSES_LATE_SHARED: usleep(2600000); break;
	case FAULT_NEVER_CLOSES:
	case FAULT_CLOSES_WITH_NEXT: return false;
	case FAULT_SILENT_STUCK: return !silent;
	case FAULT_SILENT_PLACES: c->server->n_silent += silent; break;
	case FAULT_SILENT_DIES:
		if (silent)
			exit(1);
		break;
	case FAULT_LEAK_DESCRIPTORS: shutdown(c->fd, SHUT_WR); return false;
	case FAULT_LEAK_SILENT: return !silent;
	case FAULT_LEAK_SEVENTH: shutdown(c->fd, SHUT_WR); return c->nth % 7 != 0;
	case FAULT_LEAK_ONE_BYTE: shutdown(c->fd, SHUT_WR); return c->n_bytes != 1;
	case FAULT_LEAK_TALKERS: shutdown(c->fd, SHUT_WR); return c->n_messages < 3;
	case FAULT_LEAK_LONG: shutdown(c->fd, SHUT_WR); return c->n_bytes <= 65536;
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
	int n_unsent = 1, n_waits = has(c, FAULT_RESET_AT_END) ? 1000 : has(c, FAULT_OWED_GRACE) ? 300 : 0;

	for (int i = 0; i < n_waits && ioctl(c->fd, TIOCOUTQ, &n_unsent) == 0 && n_unsent; i++)
		usleep(1000);
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* HELD_SPINS: its client has read so late once that a send had to wait, and is asked for more without a rest now. */
static bool serve(struct conversation *c, char *buffer, ssize_t n)
{
	long long begin_ns = peer_now_ns(CLOCK_MONOTONIC);
	bool goes_on = chunk_serve(c, buffer, n);

	c->was_held |= has(c, FAULT_HELD_SPINS) && peer_now_ns(CLOCK_MONOTONIC) - begin_ns > 50 * 1000000LL;
	while (c->was_held && goes_on && !server_wait(c->server, c->fd, -1, 0))
		;
	return goes_on;
}

void conversation_run(struct conversation *c)
{
	char *buffer = malloc(PEER_BUFFER);
	ssize_t n = -1;
	bool goes_on = buffer;

	begin(c);
	while (goes_on && client_wait(c) && (n = receive(c, buffer)) > 0)
		goes_on = serve(c, buffer, n);
	if ((n == 0 && has(c, FAULT_END_SPINS)) || (n < 0 && has(c, FAULT_RESET_SPINS)))
		spin(c, buffer);
	c->is_reset = n < 0;
	if (has(c, FAULT_LEFT_TO_OTHERS))
		list_forget(c);
	if (n == 0) {
		messages_end(c);
		c->is_closed = end_answer(c);
	} else {
		c->is_closed = !(n < 0 && has(c, FAULT_LEAK_RESET)) && !(n > 0 && has(c, FAULT_LEAK_EMPTY_LINE));
		end_gently(c, buffer);
	}
	if (has(c, FAULT_RESET_AT_END) || has(c, FAULT_OWED_RESET) || has(c, FAULT_OWED_GRACE))
		close_hard(c);
	free(buffer);
	free(c->line.p);
	free(c->last.p);
	free(c->unread.p);
}
