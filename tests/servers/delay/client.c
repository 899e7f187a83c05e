/* Clients: how they come, what is received from them, how they go. */
#include "server.h"
#include <sys/epoll.h>

#define DATAGRAMS_AT_ONCE 64 /* then it is the turn of the replies */

static void client_watch(struct server *s, struct client *c, int operation)
{
	struct epoll_event event = {.data.ptr = c};

	if (!c->read_ended)
		event.events |= EPOLLIN;
	if (c->out.n)
		event.events |= EPOLLOUT;
	c->watches_out = c->out.n;
	epoll_ctl(s->epoll, operation, c->fd, &event);
}

void client_free_if_done(struct client *c)
{
	if (!c->is_stream || c->fd >= 0 || c->n_owed)
		return;
	free(c->out.p);
	free(c);
}

void client_close(struct client *c, bool reset)
{
	struct linger linger = {.l_onoff = 1};

	if (c->fd < 0)
		return;
	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(c->fd);
	c->fd = -1;
	c->out.n = 0;
}

bool client_flush(struct server *s, struct client *c)
{
	ssize_t n = c->out.n ? send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL) : 0;

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		client_close(c, false);
		return false;
	}
	if (n > 0) {
		c->out.n -= n;
		memmove(c->out.p, c->out.p + n, c->out.n);
	}
	if (c->watches_out != (c->out.n > 0))
		client_watch(s, c, EPOLL_CTL_MOD);
	return true;
}

void client_end_if_done(struct client *c)
{
	if (c->is_stream && c->fd >= 0 && c->read_ended && !c->n_owed && !c->out.n)
		client_close(c, false);
}

/* FNV-1a, 32 bits. */
static uint32_t hash_of(const void *bytes, size_t n)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ ((const unsigned char *)bytes)[i]) * 16777619u;
	return hash;
}

static struct client *client_of_address(struct server *s, const struct sockaddr_storage *addr, socklen_t addr_len)
{
	struct client **at, *c;

	for (at = &s->buckets[hash_of(addr, addr_len) % ADDRESSES]; *at; at = &(*at)->next)
		if ((*at)->addr_len == addr_len && !memcmp(&(*at)->addr, addr, addr_len))
			return *at;
	*at = c = calloc(1, sizeof(*c));
	if (!c)
		peer_die(3, "out of memory");
	c->fd = s->listener;
	c->addr = *addr;
	c->addr_len = addr_len;
	s->totals.connections++;
	return c;
}

void client_accept(struct server *s)
{
	struct client *c;
	int fd, on = 1;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		c = calloc(1, sizeof(*c));
		if (!c)
			peer_die(3, "out of memory");
		c->fd = fd;
		c->is_stream = true;
		if (s->options.endpoint.family != AF_UNIX)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		client_watch(s, c, EPOLL_CTL_ADD);
		s->totals.connections++;
	}
}

void client_read(struct server *s, struct client *c, uint32_t events)
{
	size_t most = s->options.slow_read_ns ? (size_t)s->options.slow_read_bytes : sizeof(s->buffer);
	ssize_t n;

	if (events & EPOLLOUT && !client_flush(s, c)) {
		client_free_if_done(c);
		return;
	}
	client_end_if_done(c);
	if (c->fd < 0 || c->read_ended || s->now_ns < c->read_after_ns) {
		client_free_if_done(c);
		return;
	}
	n = recv(c->fd, s->buffer, most < sizeof(s->buffer) ? most : sizeof(s->buffer), 0);
	c->read_after_ns = s->now_ns + s->options.slow_read_ns;
	if (n > 0) {
		message_accept(s, c, n);
	} else if (n == 0) {
		c->read_ended = true;
		client_watch(s, c, EPOLL_CTL_MOD);
		client_end_if_done(c);
	} else if (errno != EAGAIN && errno != EINTR) {
		client_close(c, false);
	}
	client_free_if_done(c);
}

void datagrams_read(struct server *s)
{
	struct sockaddr_storage addr;
	socklen_t addr_len;
	ssize_t n;

	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		addr_len = sizeof(addr);
		n = recvfrom(s->listener, s->buffer, sizeof(s->buffer), MSG_DONTWAIT, (struct sockaddr *)&addr,
		             &addr_len);
		if (n < 0)
			return;
		if (n > 0 && addr_len > sizeof(sa_family_t))
			message_accept(s, client_of_address(s, &addr, addr_len), n);
	}
}
