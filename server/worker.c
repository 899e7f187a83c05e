#include "server.h"
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINGER_LOOKS 10

/* A child's slot is its parent's to give back. */
static void give_back(struct worker *w)
{
	if (!w->server->is_child)
		counters_give_back(&w->server->counters, w->counters);
}

int worker_init(struct worker *w, struct server *server, size_t index)
{
	const struct settings *set = &server->set;

	*w = (struct worker){.server = server, .index = index};
	w->counters = server->is_child ? server->slot : counters_take(&server->counters);
	if (!w->counters)
		return -ENOMEM;
	if (session_desk_init(&w->desk, (enum session_framing)set->framing, &set->stamp, set->separator,
	                      (size_t)set->buffer_bytes, (size_t)set->max_line_bytes) == 0)
		return 0;
	give_back(w);
	return -ENOMEM;
}

void worker_release(struct worker *w)
{
	session_desk_release(&w->desk);
	give_back(w);
}

void server_note(struct server *server, struct counters *counters, enum counted_error which, int error,
                 const char *what)
{
	count_error(counters, which);
	if (ts_log_first(&server->said[which]))
		ts_log(&server->log, TS_LOG_WARN, "%s%s%s (said once; --stats counts the rest)", what,
		       error ? ": " : "", error ? strerror(error) : "");
}

void worker_note(struct worker *w, enum counted_error which, int error, const char *what)
{
	server_note(w->server, w->counters, which, error, what);
}

bool worker_is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void worker_hang_up(struct worker *w, int fd, enum end end)
{
	close(fd);
	count(w->counters, COUNT_CALL_CLOSE, 1);
	count(w->counters, (enum counter)(COUNT_END_CLIENT + (int)end), 1);
}

int64_t worker_n_received(struct worker *w, int fd)
{
	int n_bytes = 0;

	count(w->counters, COUNT_CALL_OTHER, 1);
	return ioctl(fd, SIOCINQ, &n_bytes) == 0 ? n_bytes : 0;
}

void worker_refuse(struct worker *w, int fd)
{
	close(fd);
	count(w->counters, COUNT_CALL_CLOSE, 1);
	count(w->counters, COUNT_REFUSED, 1);
	count(w->counters, COUNT_END_ERROR, 1);
}

bool worker_lingers(struct worker *w, int fd, enum end end, unsigned n_looks)
{
	int n_bytes = 0;

	if (n_looks >= LINGER_LOOKS || end != END_STOP)
		return n_looks < LINGER_LOOKS;
	count(w->counters, COUNT_CALL_OTHER, 1);
	return ioctl(fd, SIOCOUTQ, &n_bytes) == 0 && n_bytes > 0;
}

bool worker_take_place(struct worker *w)
{
	int64_t limit = w->server->set.max_clients;

	if (limit == 0)
		return true;
	if (atomic_fetch_add(w->server->n_open, 1) >= limit) {
		atomic_fetch_sub(w->server->n_open, 1);
		return false;
	}
	if (w->server->slot)
		atomic_fetch_add(&w->server->slot->n_places, 1);
	return true;
}

void worker_give_place(struct worker *w)
{
	if (w->server->set.max_clients == 0)
		return;
	if (w->server->slot)
		atomic_fetch_sub(&w->server->slot->n_places, 1);
	atomic_fetch_sub(w->server->n_open, 1);
}
