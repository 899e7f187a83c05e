/*
 * The two system calls of a request where more is asked of them, and the kernel's stamps of them.
 */
#include "kstamps.h"
#include "worker.h"

ssize_t worker_send_stamped(struct worker *w, const struct client *c, size_t n)
{
	ssize_t sent = socket_send(c->io.fd, w->out, n);

	if (sent > 0)
		w->transmitted_ns[c->index] = kstamps_transmitted(c->io.fd);
	return sent;
}

ssize_t worker_receive_specially(struct worker *w, struct client *c)
{
	if (c->slow)
		return slow_receive(w, c);
	if (w->transmitted_ns[c->index] == 0)
		w->transmitted_ns[c->index] = kstamps_transmitted(c->io.fd);
	return kstamps_recv(c->io.fd, w->in, sizeof(w->in), &w->received_ns);
}

/* A message that went out in several pieces has the stamp of its last one. */
void worker_split(struct worker *w, const struct client *c, const struct slot *slot, unsigned n, int64_t now_ns)
{
	struct shard *s = w->shard;
	int64_t transmitted_ns = w->transmitted_ns[c->index];

	if (transmitted_ns == 0 || w->received_ns == 0)
		return;
	ts_hist_record_alike(&s->to_kernel, transmitted_ns - worker_wall(w, slot->sent_ns), n);
	ts_hist_record_alike(&s->in_network, w->received_ns - transmitted_ns, n);
	ts_hist_record_alike(&s->from_kernel, worker_wall(w, now_ns) - w->received_ns, n);
}
