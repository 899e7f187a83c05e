#include "post.h"
#include "bundle.h"
#include "datagram.h"
#include "ts_clock.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_BYTES     (256 * 1024) /* longer than the longest: 64 KiB over UDP, the send buffer's 208 KiB over UNIX */
#define STRIDE_BYTES   (SLOT_BYTES + 320) /* so that the slots' first lines are not all in one set of the cache */
#define SHORTEST_BYTES 256                /* a queued datagram's share of the receive buffer, at the least */
#define CONTROL_BYTES  64                 /* room for one IP_PKTINFO or IPV6_PKTINFO */

struct post {
	struct worker *worker;
	size_t n_batch;
	const struct listener *listener; /* whose datagrams p->in is ready for, but for the n_used first: */
	size_t n_used;                   /* the last call has written into their headers */
	struct mmsghdr *in, *out;
	struct iovec *in_iov, (*out_iov)[2];
	struct bundle *bundles;
	bool no_bundles; /* the kernel has refused one */
	struct sockaddr_storage *sources;
	char (*control)[CONTROL_BYTES] __attribute__((aligned(8)));
	char *data; /* n_batch slots: virtual memory, touched as far as datagrams are long */
};

static int allocate(struct post *p)
{
	p->in = calloc(p->n_batch, sizeof *p->in);
	p->out = calloc(p->n_batch, sizeof *p->out);
	p->in_iov = calloc(p->n_batch, sizeof *p->in_iov);
	p->out_iov = calloc(p->n_batch, sizeof *p->out_iov);
	p->bundles = calloc(p->n_batch, sizeof *p->bundles);
	p->sources = calloc(p->n_batch, sizeof *p->sources);
	p->control = calloc(p->n_batch, sizeof *p->control);
	p->data = malloc(p->n_batch * STRIDE_BYTES);
	bool all = p->in && p->out && p->in_iov && p->out_iov && p->bundles && p->sources && p->control && p->data;
	return all ? 0 : -ENOMEM;
}

struct post *post_new(struct worker *w, size_t n_batch)
{
	struct post *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->worker = w;
	p->n_batch = n_batch;
	if (allocate(p) < 0) {
		post_free(p);
		return NULL;
	}
	for (size_t i = 0; i < n_batch; i++)
		p->in_iov[i] = (struct iovec){.iov_base = p->data + i * STRIDE_BYTES, .iov_len = SLOT_BYTES};
	return p;
}

void post_free(struct post *p)
{
	if (!p)
		return;
	free(p->in);
	free(p->out);
	free(p->in_iov);
	free(p->out_iov);
	free(p->bundles);
	free(p->sources);
	free(p->control);
	free(p->data);
	free(p);
}

static void make_ready(struct post *p, const struct listener *l, size_t i)
{
	p->in[i].msg_hdr = (struct msghdr){
	        .msg_name = &p->sources[i],
	        .msg_namelen = sizeof p->sources[i],
	        .msg_iov = &p->in_iov[i],
	        .msg_iovlen = 1,
	        .msg_control = l->any_address ? p->control[i] : NULL,
	        .msg_controllen = l->any_address ? CONTROL_BYTES : 0,
	};
}

static int receive(struct post *p, const struct listener *l, int flags)
{
	struct counters *c = p->worker->counters;
	size_t n_unready = l == p->listener ? p->n_used : p->n_batch;
	int n, error;

	for (size_t i = 0; i < n_unready; i++)
		make_ready(p, l, i);
	p->listener = l;
	n = recvmmsg(listener_fd(l, p->worker->index), p->in, (unsigned)p->n_batch, flags, NULL);
	error = errno;
	p->n_used = n > 0 ? (size_t)n : 1;
	count(c, COUNT_CALL_RECV, 1);
	if (n < 0 && error == EAGAIN)
		count(c, COUNT_EAGAIN, 1);
	return n < 0 ? -error : n;
}

/*
 * The reply leaves from the address that was asked: the kernel told it with the datagram, and is told it back. The
 * interface is left open, so that the route is the usual one.
 */
static void answer_from_asked_address(struct msghdr *in, struct msghdr *out)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(in);

	if (!c)
		return;
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
		((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex = 0;
	out->msg_control = in->msg_control;
	out->msg_controllen = in->msg_controllen;
}

static void count_fate(struct worker *w, enum datagram_fate fate)
{
	switch (fate) {
	case DATAGRAM_ANSWER: break;
	case DATAGRAM_EMPTY: count_error(w->counters, ERROR_EMPTY); break;
	case DATAGRAM_TRUNCATED: worker_note(w, ERROR_TRUNCATED, 0, "a datagram is longer than any buffer"); break;
	case DATAGRAM_NO_SOURCE: worker_note(w, ERROR_NO_SOURCE, 0, "a datagram names no sender to answer"); break;
	case DATAGRAM_GUARDED:
		worker_note(w, ERROR_GUARDED, 0, "a datagram comes from a port that is never answered");
		break;
	case DATAGRAM_ECHO: worker_note(w, ERROR_ECHO, 0, "a datagram is a reply to replies, and not answered"); break;
	case DATAGRAM_RATE: worker_note(w, ERROR_RATE, 0, "a source asks faster than --reply-rate"); break;
	}
}

/* Fill p->out with the replies to the n datagrams in p->in; returns how many. */
static size_t answer(struct post *p, size_t n)
{
	struct worker *w = p->worker;
	struct guard *guard = &w->server->guard;
	int64_t mono_ns = guard->buckets ? ts_clock_mono_ns() : 0;
	const char *stamp;
	size_t n_stamp = session_stamp(&w->desk, ts_clock_wall_ns(), &stamp), n_out = 0;

	for (size_t i = 0; i < n; i++) {
		struct msghdr *h = &p->in[i].msg_hdr;
		struct datagram d = {.data = p->in_iov[i].iov_base,
		                     .n = p->in[i].msg_len,
		                     .truncated = h->msg_flags & MSG_TRUNC,
		                     .source = h->msg_name,
		                     .source_len = h->msg_namelen};
		enum datagram_fate fate = datagram_take(&d, guard, stamp, n_stamp, mono_ns, p->out_iov[n_out]);

		count(w->counters, COUNT_RECEIVED_BYTES, d.n);
		count_fate(w, fate);
		if (fate != DATAGRAM_ANSWER)
			continue;
		p->out[n_out].msg_hdr = (struct msghdr){.msg_name = h->msg_name,
		                                        .msg_namelen = h->msg_namelen,
		                                        .msg_iov = p->out_iov[n_out],
		                                        .msg_iovlen = 2};
		answer_from_asked_address(h, &p->out[n_out].msg_hdr);
		n_out++;
	}
	return n_out;
}

/* As many messages as the kernel took; -errno: not even the first. */
static int send_some(struct post *p, int fd, struct mmsghdr *out, size_t n)
{
	int rc;

	do {
		rc = sendmmsg(fd, out, (unsigned)n, MSG_DONTWAIT | MSG_NOSIGNAL);
		count(p->worker->counters, COUNT_CALL_SEND, 1);
	} while (rc < 0 && errno == EINTR);
	return rc < 0 ? -errno : rc;
}

static void count_sent(struct worker *w, const struct mmsghdr *out, size_t n_replies)
{
	count(w->counters, COUNT_SENT_BYTES, out->msg_len);
	count(w->counters, COUNT_DATAGRAMS, n_replies);
}

static void note_unsent(struct worker *w, int error)
{
	worker_note(w, counted_error_of(error), error, "a datagram's reply was not sent");
}

static void send_singly(struct post *p, int fd, const struct mmsghdr *whole, const struct bundle *b)
{
	for (size_t i = 0; i < b->n_replies; i++) {
		struct mmsghdr single = {.msg_hdr = bundle_single(&whole->msg_hdr, b, i)};
		int rc = send_some(p, fd, &single, 1);

		if (rc < 0)
			note_unsent(p->worker, -rc);
		else
			count_sent(p->worker, &single, 1);
	}
}

/*
 * A datagram that cannot be sent is given up, and the next one is tried: its sender may be gone, or read too slowly.
 * Nobody waits for room, in modes that block neither: over UDP the kernel drops what a full queue does not take, and
 * over UNIX sockets, where it would let us wait, we do.
 */
static void send_all(struct post *p, int fd, size_t n)
{
	for (size_t at = 0; at < n;) {
		int rc = send_some(p, fd, p->out + at, n - at);

		for (int i = 0; i < rc; i++, at++)
			count_sent(p->worker, &p->out[at], p->bundles[at].n_replies);
		if (rc >= 0)
			continue;
		if (p->bundles[at].n_replies > 1) {
			p->no_bundles |= bundle_is_refused(-rc);
			send_singly(p, fd, &p->out[at], &p->bundles[at]);
		} else {
			note_unsent(p->worker, -rc);
		}
		at++;
	}
}

/* Over UDP, several replies may be one message. */
static size_t bundle(struct post *p, const struct listener *l, size_t n)
{
	if (l->endpoint.transport == TS_UDP && !p->no_bundles)
		return bundle_replies(p->out, n, p->bundles);
	for (size_t i = 0; i < n; i++)
		p->bundles[i].n_replies = 1;
	return n;
}

int post_serve(struct post *p, const struct listener *l, int flags)
{
	int n = receive(p, l, flags);
	size_t n_out;

	if (n < 0)
		return n;
	n_out = bundle(p, l, answer(p, (size_t)n));
	if (n_out > 0)
		send_all(p, listener_fd(l, p->worker->index), n_out);
	return n;
}

/* How many datagrams the socket's queue has room for, at most: the shortest takes so many bytes of it. */
static int n_most(int fd)
{
	int bytes = 0;
	socklen_t n = sizeof bytes;

	return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &n) == 0 ? bytes / SHORTEST_BYTES : 0;
}

/* A want of memory may pass. True: try again. */
static bool goes_on_after(struct worker *w, int error)
{
	if (worker_is_shortage(error)) {
		worker_note(w, counted_error_of(error), error, "datagrams");
		stop_sleep(w->server, SHORTAGE_PAUSE_NS);
		return true;
	}
	return error == EINTR || error == EAGAIN || error == ECONNREFUSED;
}

void post_drain(struct post *p, const struct listener *l)
{
	int most = n_most(listener_fd(l, p->worker->index)), left = most;

	while (left > 0 && stop_left_ns(p->worker->server) > 0) {
		int n = post_serve(p, l, MSG_DONTWAIT);

		if (n == -EAGAIN || (n < 0 && !goes_on_after(p->worker, -n)))
			return;
		left -= n > 0 ? n : most / 8 + 1; /* without memory, some tries, and not all the time to drain */
	}
}

static int blocking_loop(struct post *p, const struct listener *l)
{
	struct server *server = p->worker->server;

	for (;;) {
		int rc;

		if (server_stopping(server)) {
			post_drain(p, l);
			return 0;
		}
		rc = post_serve(p, l, 0);
		if (rc < 0 && !goes_on_after(p->worker, -rc))
			return rc;
	}
}

int post_serve_blocking(struct worker *w, const struct listener *l)
{
	struct roster *roster = &w->server->roster;
	struct post *p = post_new(w, 1);
	struct roster_entry entry;
	int rc;

	if (!p)
		return -ENOMEM;
	roster_join(roster, &entry, -1); /* to be woken; the socket is others', too, and is not to be cut off */
	rc = blocking_loop(p, l);
	roster_leave(roster, &entry);
	post_free(p);
	return rc;
}
