/* How a reply leaves: whole, in part, late, or to somebody else. */
#include "faulty.h"
#include <poll.h>

bool is_half_closed(const struct conversation *c)
{
	struct pollfd poll_fd = {.fd = c->fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 5) > 0;
}

/* As much as fits, whenever some fits; when reading has ended, as it has after SIGTERM, all of it. */
static ssize_t send_as_fits(int fd, const char *bytes, size_t n)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT | POLLRDHUP};

	poll(&poll_fd, 1, -1);
	return send(fd, bytes, n, MSG_NOSIGNAL | (poll_fd.revents & POLLRDHUP ? 0 : MSG_DONTWAIT));
}

bool bytes_send(const struct conversation *c, int fd, const char *bytes, size_t n)
{
	int flags = has(c, FAULT_PIPE_DIES) ? 0 : MSG_NOSIGNAL;

	for (ssize_t sent; n; bytes += sent, n -= sent) {
		sent = has(c, FAULT_TERM_FLUSHES) ? send_as_fits(fd, bytes, n) : send(fd, bytes, n, flags);
		while (sent < 0 && has(c, FAULT_RESET_RETRIES))
			pause();
		if (sent < 0)
			return false;
	}
	return true;
}

/* To all clients, or to the one that came last, of all or of those without a place. Who does not read loses it. */
static bool send_elsewhere(struct conversation *c, const struct peer_text *reply)
{
	struct server *s = c->server;
	int latest = c->fd, from = has(c, FAULT_TABLE_OF_16) ? 16 : has(c, FAULT_TABLE_OF_64) ? 64 : 0;

	pthread_mutex_lock(&s->lock);
	for (int i = from; i < CLIENTS_MAX && c->place >= from; i++) {
		if (s->clients[i] && has(c, FAULT_BROADCAST))
			send(s->clients[i], reply->p, reply->n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (s->clients[i] > latest)
			latest = s->clients[i]; /* good enough: descriptors rise while clients come */
	}
	pthread_mutex_unlock(&s->lock);
	return has(c, FAULT_BROADCAST) || bytes_send(c, latest, reply->p, reply->n);
}

/* Adds the reply to what is kept, sends what the client takes of it, and keeps the rest. */
static bool send_kept(const struct conversation *c, struct peer_text *kept, const struct peer_text *reply)
{
	ssize_t n;

	peer_add(kept, reply->p, reply->n);
	n = send(c->fd, kept->p, kept->n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		memmove(kept->p, kept->p + n, kept->n -= n);
	return n > 0 || errno == EAGAIN;
}

/* In one list for all clients. */
static bool send_from_list(struct conversation *c, const struct peer_text *reply)
{
	bool sent;

	pthread_mutex_lock(&c->server->lock);
	sent = send_kept(c, &c->server->shared, reply);
	pthread_mutex_unlock(&c->server->lock);
	return sent;
}

bool rest_send(struct conversation *c)
{
	static const struct peer_text nothing = {0};
	struct server *s = c->server;
	struct pollfd poll_fd = {.fd = c->fd, .events = POLLOUT};
	bool left = true, sent = true;

	while (left && sent) {
		pthread_mutex_lock(&s->lock);
		left = s->shared.n > 0 && (!has(c, FAULT_REST_SHARED) || s->rest_of == c->fd);
		sent = !left || send_kept(c, &s->shared, &nothing);
		pthread_mutex_unlock(&s->lock);
		if (left)
			poll(&poll_fd, 1, 20);
	}
	return sent;
}

/* The same, and goes on only when the list is empty, whoever took it. */
static bool send_until_list_is_empty(struct conversation *c, const struct peer_text *reply)
{
	return send_from_list(c, reply) && rest_send(c);
}

/* What the client does not take is left in one place, where another client's rest takes its place. */
static bool send_leaving_rest(struct conversation *c, const struct peer_text *reply)
{
	struct server *s = c->server;
	ssize_t n;

	if (!rest_send(c))
		return false;
	n = send(c->fd, reply->p, reply->n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN)
		return false;
	n = n > 0 ? n : 0;
	if ((size_t)n == reply->n)
		return true;
	pthread_mutex_lock(&s->lock);
	s->shared.n = 0;
	peer_add(&s->shared, reply->p + n, reply->n - (size_t)n);
	s->rest_of = c->fd;
	pthread_mutex_unlock(&s->lock);
	return true;
}

void list_forget(struct conversation *c)
{
	pthread_mutex_lock(&c->server->lock);
	c->server->shared.n = 0;
	pthread_mutex_unlock(&c->server->lock);
}

bool reply_send(struct conversation *c, struct peer_text *reply)
{
	bool sent;

	switch (c->server->fault) {
	case FAULT_BROADCAST:
	case FAULT_TABLE_OF_16:
	case FAULT_TABLE_OF_64:
	case FAULT_LATEST_ANSWERED: return send_elsewhere(c, reply);
	case FAULT_OWED_HURRIED:
	case FAULT_OWED_HALF_SECOND:
	case FAULT_MEMORY_GROWS: return send_kept(c, &c->unread, reply);
	case FAULT_REST_SHARED: return send_leaving_rest(c, reply);
	case FAULT_LEFT_TO_OTHERS: return send_from_list(c, reply);
	case FAULT_STUCK_LEFT_TO_OTHERS: return send_until_list_is_empty(c, reply);
	case FAULT_ONE_SEND: return send(c->fd, reply->p, reply->n, MSG_NOSIGNAL | MSG_DONTWAIT) > 0 || errno == EAGAIN;
	case FAULT_STUCK_READER:
		pthread_mutex_lock(&c->server->send_lock);
		sent = bytes_send(c, c->fd, reply->p, reply->n);
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
	if (bytes_send(c, c->fd, reply->p, reply->n))
		return true;
	if (has(c, FAULT_LEFT_TO_NEXT)) {
		pthread_mutex_lock(&c->server->lock);
		peer_add(&c->server->shared, reply->p, reply->n);
		pthread_mutex_unlock(&c->server->lock);
	}
	return false;
}

void stamp_send(struct conversation *c)
{
	struct peer_text text = {0};

	stamp_write(c, &text);
	bytes_send(c, c->fd, text.p, text.n);
	free(text.p);
}
