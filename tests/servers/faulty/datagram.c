/* Datagrams: receive one, answer it to its sender. */
#include "faulty.h"
#include <fcntl.h>

struct sender {
	struct sockaddr_storage addr;
	socklen_t addr_len;
};

/* Receive one; -1: none is there (with MSG_DONTWAIT). */
static ssize_t receive(struct conversation *c, char *buffer, struct sender *sender, int flags)
{
	ssize_t n;

	if (!has(c, FAULT_DGRAM_PATH_CUT) || !sender->addr_len)
		sender->addr_len = sizeof(sender->addr);
	n = recvfrom(c->fd, buffer, PEER_BUFFER, flags, (struct sockaddr *)&sender->addr, &sender->addr_len);
	if (n < 0 && errno == ECONNREFUSED && has(c, FAULT_DGRAM_GONE_DIES))
		exit(1);
	return n;
}

static void send_from(struct conversation *c, int fd, const struct sender *to, const char *bytes, size_t n)
{
	const struct sockaddr *addr = (const struct sockaddr *)&to->addr;
	ssize_t sent;

	if (has(c, FAULT_DGRAM_CONNECTS) && connect(fd, addr, to->addr_len) == 0)
		sent = send(fd, bytes, n, 0);
	else
		sent = sendto(fd, bytes, n, 0, addr, to->addr_len);
	if (sent < 0 && ((errno == EMSGSIZE && has(c, FAULT_DGRAM_LONG_DIES)) ||
	                 (errno == ECONNREFUSED && has(c, FAULT_DGRAM_GONE_DIES_UNIX))))
		exit(1);
}

/* From a socket of its own, so from another port. */
static void send_elsewhere(struct conversation *c, const struct sender *to, const char *bytes, size_t n)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	int fd = socket(to->addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (has(c, FAULT_DGRAM_OTHER_PATHS)) {
		snprintf(own.sun_path, sizeof(own.sun_path), "/tmp/faulty-%d.%llu", (int)getpid(),
		         (unsigned long long)c->n_messages);
		if (bind(fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
			peer_die(1, "%s: cannot be bound", own.sun_path);
	}
	send_from(c, fd, to, bytes, n);
	close(fd);
	if (own.sun_path[0] != '\0')
		unlink(own.sun_path);
}

static void datagram_send(struct conversation *c, const struct sender *to, const struct peer_text *reply)
{
	const char *end = memchr(reply->p, ']', reply->n);
	size_t n_stamp = end ? (size_t)(end + 1 - reply->p) : reply->n;

	switch (c->server->fault) {
	case FAULT_DGRAM_OTHER_PATHS:
	case FAULT_DGRAM_OTHER_PORT: send_elsewhere(c, to, reply->p, reply->n); return;
	case FAULT_DGRAM_OTHER_PORT_LATER:
		if (c->n_messages > 2) {
			send_elsewhere(c, to, reply->p, reply->n);
			return;
		}
		break;
	case FAULT_DGRAM_SPLIT:
		send_from(c, c->fd, to, reply->p, n_stamp);
		send_from(c, c->fd, to, reply->p + n_stamp, reply->n - n_stamp);
		return;
	case FAULT_DGRAM_TENTH_TWICE:
	case FAULT_DGRAM_TWICE:
		if (has(c, FAULT_DGRAM_TWICE) || c->n_messages % 10 == 0)
			send_from(c, c->fd, to, reply->p, reply->n);
		break;
	default: break;
	}
	send_from(c, c->fd, to, reply->p, reply->n);
}

static void bare_send(struct conversation *c, const struct sender *to, int times)
{
	struct peer_text text = {0};

	stamp_write(c, &text);
	while (times--)
		send_from(c, c->fd, to, text.p, text.n);
	free(text.p);
}

/* The empty datagram: nothing is sent. */
static void empty_answer(struct conversation *c, const struct sender *from)
{
	switch (c->server->fault) {
	case FAULT_DGRAM_EMPTY_DIES: exit(0);
	case FAULT_DGRAM_EMPTY_STUCK: c->is_closed = true; break;
	case FAULT_DGRAM_EMPTY_THRICE: bare_send(c, from, 3); break;
	case FAULT_DGRAM_EMPTY_EMPTY: send_from(c, c->fd, from, "", 0); break;
	case FAULT_DGRAM_EMPTY_TEXT: send_from(c, c->fd, from, "empty", 5); break;
	default: break;
	}
}

/* To whom the reply goes. */
static const struct sender *receiver_choose(struct conversation *c, const struct sender *from, struct sender *kept)
{
	bool is_first = !kept->addr_len;

	if (has(c, FAULT_DGRAM_FIRST_SENDER) && is_first)
		*kept = *from;
	if (has(c, FAULT_DGRAM_FIRST_SENDER) ||
	    (!is_first && (has(c, FAULT_DGRAM_PREVIOUS_SENDER) || has(c, FAULT_DGRAM_EMPTY_SENDER))))
		return kept;
	return from;
}

/* For 2.5 s? */
static bool has_rested(struct conversation *c)
{
	long long before_ns = c->piece_ns;

	c->piece_ns = peer_now_ns(CLOCK_MONOTONIC);
	return before_ns && c->piece_ns - before_ns > 2500000000LL;
}

/* Has another client sent the same just before? */
static bool is_alike(struct conversation *c, const char *data, ssize_t n, const struct sender *from)
{
	uint64_t sender = ((const struct sockaddr_in *)&from->addr)->sin_port, before = c->n_bytes;

	c->n_bytes = sender;
	return message_repeats(c, data, (size_t)n) && sender != before;
}

/* Faults that look at more than one datagram: may change data and n; false: do not answer. */
static bool queue_look(struct conversation *c, char *data, ssize_t *n, struct sender *from)
{
	struct sender next;
	ssize_t more;

	switch (c->server->fault) {
	case FAULT_DGRAM_FIRST_LOST: return ++c->n_bytes > 1;
	case FAULT_DGRAM_THIRD_LOST: return ++c->n_bytes % 3 != 0;
	case FAULT_DGRAM_REST_FORGETS: return !has_rested(c);
	case FAULT_DGRAM_ALIKE: return !is_alike(c, data, *n, from);
	case FAULT_DGRAM_SOME_LOST: return rand() % 100 != 0;
	case FAULT_DGRAM_BURST_LAST:
		usleep(5000);
		for (; (more = receive(c, data, &next, MSG_DONTWAIT)) >= 0; *n = more)
			*from = next;
		break;
	case FAULT_DGRAM_MERGED:
		usleep(5000);
		more = *n < 2048 ? receive(c, data + *n, &next, MSG_DONTWAIT) : -1;
		*n += more > 0 && more < 2048 ? more : 0;
		break;
	case FAULT_LEAK_DESCRIPTORS_UDP: open("/dev/null", O_RDONLY | O_CLOEXEC); break;
	default: break;
	}
	return true;
}

/* Faults that do not know whom to answer. */
static bool is_stranger(const struct conversation *c, const struct sender *from)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&from->addr;

	return (has(c, FAULT_DGRAM_PATH_64) && strnlen(un->sun_path, sizeof(un->sun_path)) > 63) ||
	       (has(c, FAULT_DGRAM_ABSTRACT) && un->sun_path[0] == '\0');
}

static void datagram_answer(struct conversation *c, char *data, ssize_t n, struct sender *from, struct sender *kept)
{
	struct peer_text reply = {0};

	if (from->addr_len <= sizeof(sa_family_t)) { /* nobody to answer to */
		if (has(c, FAULT_DGRAM_UNBOUND_DIES))
			exit(1);
		return;
	}
	if (is_stranger(c, from))
		return;
	if (n == 0) {
		if (has(c, FAULT_DGRAM_EMPTY_SENDER))
			*kept = *from;
		if (has(c, FAULT_DGRAM_EMPTY_TO_LAST) && kept->addr_len)
			bare_send(c, kept, 1);
		empty_answer(c, from);
		return;
	}
	if (queue_look(c, data, &n, from) && reply_write(c, &reply, data, n))
		datagram_send(c, receiver_choose(c, from, kept), &reply);
	free(reply.p);
	kept->addr_len = has(c, FAULT_DGRAM_EMPTY_SENDER) ? 0 : kept->addr_len;
	bool fifth = has(c, FAULT_DGRAM_FIFTH_UNASKED) && c->n_messages % 5 == 0;
	if (has(c, FAULT_DGRAM_PREVIOUS_SENDER) || has(c, FAULT_DGRAM_UNASKED) || has(c, FAULT_DGRAM_IDLE_UNASKED) ||
	    has(c, FAULT_DGRAM_LATE_UNASKED) || has(c, FAULT_DGRAM_EMPTY_TO_LAST) || fifth)
		*kept = *from;
	if (has(c, FAULT_DGRAM_ONE) || (has(c, FAULT_DGRAM_FIFTY) && c->n_messages == 50))
		exit(0);
}

void datagrams_run(struct server *s)
{
	struct conversation c = {.server = s, .fd = s->listener, .connected_ns = peer_now_ns(CLOCK_REALTIME)};
	int unasked_ms = has(&c, FAULT_DGRAM_LATE_UNASKED)                                    ? 3000
	                 : has(&c, FAULT_DGRAM_IDLE_UNASKED)                                  ? 1000
	                 : has(&c, FAULT_DGRAM_UNASKED) || has(&c, FAULT_DGRAM_FIFTH_UNASKED) ? 500
	                                                                                      : -1;
	bool dies = has(&c, FAULT_UNVISITED_DIES_UDP);
	char *data = malloc(2 * PEER_BUFFER);
	struct sender from = {0}, kept = {0}, holder = {0};
	struct peer_text held = {0}; /* DGRAM_HELD */
	int one = 1, small = 1;
	ssize_t n;

	if (has(&c, FAULT_DGRAM_GONE_DIES))
		setsockopt(c.fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
	if (has(&c, FAULT_DGRAM_BURST))
		setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	while (!s->stopping) {
		int wait_ms = dies ? 3000 : kept.addr_len ? unasked_ms : -1;
		bool is_visited = server_wait(s, c.is_closed ? -1 : c.fd, s->signals, wait_ms);
		if (!is_visited && dies)
			break;
		if (!is_visited) {
			if (!s->stopping && kept.addr_len)
				bare_send(&c, &kept, 1);
			kept.addr_len = 0;
		}
		if (has(&c, FAULT_DGRAM_BURST))
			usleep(10000);
		for (int i = 0; i < 1000 && !c.is_closed && (n = receive(&c, data, &from, MSG_DONTWAIT)) >= 0; i++) {
			if (has(&c, FAULT_DGRAM_HELD) && n > 0 && !held.n) {
				peer_add(&held, data, (size_t)n);
				holder = from;
				continue;
			}
			if (held.n)
				datagram_answer(&c, held.p, (ssize_t)held.n, &holder, &kept);
			held.n = 0;
			datagram_answer(&c, data, n, &from, &kept);
			if (has(&c, FAULT_DGRAM_BURST))
				break;
		}
	}
	free(data);
	free(held.p);
	free(c.last.p);
}
