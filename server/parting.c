#include "parting.h"
#include "ts_clock.h"
#include <errno.h>
#include <sys/socket.h>

void partings_add(struct partings *p, struct worker *w, int fd)
{
	while (p->n == PARTINGS && stop_left_ns(w->server) > 0)
		partings_attend(p, w, LINGER_LOOK_NS);
	if (p->n == PARTINGS) {
		worker_hang_up(w, fd, END_STOP);
		return;
	}
	p->fds[p->n] = (struct pollfd){.fd = fd, .events = POLLIN};
	p->items[p->n] = (struct parting){.look_ns = ts_clock_mono_ns() + LINGER_LOOK_NS};
	p->n++;
}

static bool has_gone(struct partings *p, struct worker *w, size_t i, int64_t now_ns)
{
	struct parting *item = &p->items[i];
	ssize_t n = -1;

	errno = EAGAIN;
	if (p->fds[i].revents) {
		n = recv(p->fds[i].fd, w->desk.in, w->desk.in_bytes, MSG_DONTWAIT);
		count(w->counters, COUNT_CALL_RECV, 1);
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return true;
	if (now_ns < item->look_ns)
		return false;
	item->look_ns = now_ns + LINGER_LOOK_NS;
	return !worker_lingers(w, p->fds[i].fd, END_STOP, ++item->n_looks);
}

/* Until the next look at one of them, at most. */
static int64_t until_look(const struct partings *p, int64_t wait_ns)
{
	int64_t now_ns = ts_clock_mono_ns();

	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].look_ns - now_ns < wait_ns)
			wait_ns = p->items[i].look_ns - now_ns;
	return wait_ns > 0 ? wait_ns : 0;
}

void partings_attend(struct partings *p, struct worker *w, int64_t wait_ns)
{
	int64_t now_ns;

	count(w->counters, COUNT_CALL_WAIT, 1);
	if (poll(p->fds, p->n, (int)((until_look(p, wait_ns) + TS_MS - 1) / TS_MS)) < 0)
		return;
	now_ns = ts_clock_mono_ns();
	for (size_t i = p->n; i-- > 0;)
		if (has_gone(p, w, i, now_ns)) {
			worker_hang_up(w, p->fds[i].fd, END_STOP);
			p->n--;
			p->fds[i] = p->fds[p->n];
			p->items[i] = p->items[p->n];
		}
}

void partings_finish(struct partings *p, struct worker *w)
{
	int64_t left_ns;

	while (p->n > 0 && (left_ns = stop_left_ns(w->server)) > 0)
		partings_attend(p, w, left_ns);
	while (p->n > 0)
		worker_hang_up(w, p->fds[--p->n].fd, END_STOP);
}
