#include "listener.h"
#include "activation.h"
#include "modes.h"
#include "ts_clock.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_TRIES   4
#define BUSY_PAUSE   (50 * TS_MS)
#define UNREAD_BYTES (1 << 20)

/*
 * Without TCP_NODELAY a second small reply waits until the client acknowledges the first (Nagle against delayed ACK: 40
 * ms). Linux hands it, like the buffer sizes, from the listener to every socket that it accepts: no call for each
 * connection.
 *
 * Datagrams between UNIX sockets stay charged to the sender's buffer until they are read. Ours is one for all peers, so
 * those who forget their replies in it must be many, or have forgotten much, before others go without.
 */
static void tune(struct listener *l, int fd)
{
	int on = 1, unread = UNREAD_BYTES;

	if (l->endpoint.transport == TS_TCP)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (l->endpoint.transport == TS_UNIXGRAM)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &unread, sizeof unread);
	if (!l->any_address)
		return;
	if (l->endpoint.addr.ss_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
}

static bool is_any_address(const struct ts_endpoint *ep)
{
	if (ep->transport != TS_UDP)
		return false;
	if (ep->addr.ss_family == AF_INET)
		return ((const struct sockaddr_in *)&ep->addr)->sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&ep->addr)->sin6_addr);
}

static int listener_prepare(struct listener *l, const struct ts_endpoint *ep, size_t n_fds, struct ts_err *err)
{
	*l = (struct listener){.endpoint = *ep};
	l->stream = ts_transport_is_stream(ep->transport);
	l->any_address = is_any_address(ep);
	l->fds = calloc(n_fds, sizeof *l->fds);
	return l->fds ? 0 : ts_err_set(err, ENOMEM, "out of memory for the listening sockets");
}

/*
 * Sockets that share their port would share it with a second server, too. So the port is first bound for ourselves
 * alone, which fails when anybody has it, and which finds a free one when any will do. Nobody listens meanwhile: a
 * caller who came then would be reset.
 */
static int claim_port(struct ts_endpoint *ep, struct ts_err *err)
{
	struct ts_listen alone = {.only_bind = true};
	int fd = ts_endpoint_listen(ep, &alone, err);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* "foo: not an endpoint" becomes "--listen=foo: not an endpoint". */
static int name_option(struct ts_err *err, int rc)
{
	struct ts_err text = *err;

	snprintf(err->text, sizeof err->text, "--listen=%.*s", (int)sizeof err->text - 16, text.text);
	return rc;
}

/* After kill -9 of a server in mode uring the kernel lets go of its sockets a little later: a busy
 * path gets some time. */
static int listen_patiently(struct ts_endpoint *ep, const struct ts_listen *how, struct ts_err *err)
{
	int rc;

	for (int i = 0;; i++) {
		rc = ts_endpoint_listen(ep, how, err);
		if (rc != -EADDRINUSE || ts_endpoint_port(ep) >= 0 || i == BUSY_TRIES)
			return rc;
		ts_clock_sleep_until(ts_clock_mono_ns() + BUSY_PAUSE);
	}
}

static int open_one(struct listener *l, const char *uri, const struct settings *set, size_t n_sets, struct ts_err *err)
{
	struct ts_listen how = {.backlog = (int)set->backlog};
	struct ts_endpoint ep;
	int rc;

	rc = ts_endpoint_parse(&ep, uri, err);
	if (rc < 0)
		return name_option(err, rc);
	if (!(set->mode->transports & 1u << ep.transport))
		return ts_err_usage(err, "--listen=%s: mode %s does not serve %s", uri, set->mode->name,
		                    ts_transport_name(ep.transport));
	how.reuse_port = n_sets > 1 && ts_endpoint_port(&ep) >= 0;
	if (!how.reuse_port)
		n_sets = 1;
	rc = how.reuse_port ? claim_port(&ep, err) : 0;
	if (rc == 0)
		rc = listener_prepare(l, &ep, n_sets, err);
	while (rc >= 0 && l->n_fds < n_sets) {
		rc = listen_patiently(&l->endpoint, &how, err);
		if (rc < 0)
			break;
		l->fds[l->n_fds++] = rc;
		tune(l, rc);
	}
	if (rc >= 0)
		l->file = ts_endpoint_file(&l->endpoint);
	return rc < 0 ? rc : 0;
}

static int adopt_all(struct listeners *ls, const struct settings *set, int n, struct ts_err *err)
{
	if (n > 1 && !set->mode->multiplexes)
		return ts_err_usage(err, "LISTEN_FDS=%d: mode %s serves one endpoint", n, set->mode->name);
	for (int i = 0; i < n; i++) {
		struct listener *l = &ls->items[ls->n];
		struct ts_endpoint ep;
		int fd = ACTIVATION_FIRST_FD + i;
		int rc = activation_endpoint(fd, &ep, err);

		if (rc == 0 && fd == set->ready_fd)
			rc = ts_err_usage(
			        err, "--ready-fd=%d: is a socket that was handed over (LISTEN_FDS); use another", fd);
		if (rc == 0)
			rc = listener_prepare(l, &ep, 1, err);
		if (rc < 0)
			return rc;
		ls->n++;
		l->inherited = true;
		l->fds[l->n_fds++] = fd;
		tune(l, fd);
	}
	return 0;
}

int listeners_open(struct listeners *ls, const struct settings *set, size_t n_sets, struct ts_err *err)
{
	int n_given = set->listen.n ? 0 : activation_count(err);
	size_t n = n_given ? (size_t)n_given : set->listen.n ? set->listen.n : 1;
	int rc = 0;

	if (n_given < 0)
		return n_given;
	*ls = (struct listeners){.items = calloc(n, sizeof *ls->items)};
	if (!ls->items)
		return ts_err_set(err, ENOMEM, "out of memory for the listening sockets");
	if (n_given)
		rc = adopt_all(ls, set, n_given, err);
	for (size_t i = 0; !n_given && rc == 0 && i < n; i++) {
		rc = open_one(&ls->items[i], set->listen.n ? set->listen.items[i] : "tcp:", set, n_sets, err);
		ls->n++;
	}
	if (rc < 0) {
		listeners_close(ls, true);
		listeners_release(ls);
	}
	return rc;
}

int listener_fd(const struct listener *l, size_t worker_index)
{
	return l->fds[worker_index % l->n_fds];
}

void listeners_set_blocking(struct listeners *ls, bool blocking)
{
	for (size_t i = 0; i < ls->n; i++)
		for (size_t k = 0; k < ls->items[i].n_fds; k++) {
			int fd = ls->items[i].fds[k], flags = fcntl(fd, F_GETFL);

			fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
		}
}

void listeners_close(struct listeners *ls, bool remove)
{
	for (size_t i = 0; i < ls->n; i++) {
		struct listener *l = &ls->items[i];

		if (remove && !l->inherited && l->n_fds > 0)
			ts_endpoint_remove_own(&l->endpoint, &l->file);
		for (size_t k = 0; k < l->n_fds; k++)
			close(l->fds[k]);
		l->n_fds = 0;
	}
}

void listeners_release(struct listeners *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		free(ls->items[i].fds);
	free(ls->items);
	*ls = (struct listeners){0};
}
