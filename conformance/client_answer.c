/* What the played server answers: a stamp, the data, both, or in pieces. */
#include "client_play.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void send_some(struct play *p, const char *bytes, size_t n)
{
	int64_t deadline_ns = ts_clock_mono_ns() + turn_wait_ns(p->t);
	size_t done = 0;

	if (!play_on_stream(p)) {
		TRACED(p, "gets", bytes, n);
		sendto(p->listen_fd, bytes, n, 0, (struct sockaddr *)&p->from, p->n_from);
		return;
	}
	while (done < n && p->n_conns > 0 && ts_clock_mono_ns() < deadline_ns) {
		ssize_t w = send(p->conns[p->talk].fd, bytes + done, n - done, MSG_NOSIGNAL);
		if (w < 0 && errno != EAGAIN)
			break; /* it has gone; its end is looked at later */
		done += w > 0 ? (size_t)w : 0;
		if (w < 0)
			play_pause(p, 1);
	}
	if (done > 0)
		TRACED(p, "gets", bytes, done);
}

static void add_stamp(const struct play *p, struct play_bytes *to)
{
	struct ts_stamp_format format = {0};
	struct ts_stamp_writer w;
	const char *text;
	char suffix[40];
	size_t n;

	ts_stamp_format_parse(&format, p->time, NULL);
	snprintf(suffix, sizeof(suffix), "]%s", p->separator);
	ts_stamp_writer_init(&w, &format, suffix);
	n = ts_stamp_write(&w, ts_clock_wall_ns(), &text);
	play_add(to, text, n);
}

static bool answer(struct play *p, bool stamp, bool data, size_t piece, int64_t pause_ns)
{
	struct play_bytes reply = {0};

	if (!play_on_stream(p) && p->n_from <= sizeof(sa_family_t))
		return turn_fail(p->t, BYTES, "the client's socket has no name of its own: it cannot be answered");
	if (stamp)
		add_stamp(p, &reply);
	if (data) {
		play_add(&reply, p->got.at + p->n_answered, p->got.n - p->n_answered);
		p->n_answered = p->got.n;
		p->asked = false;
	}
	for (size_t done = 0; done < reply.n;) {
		size_t n = piece && piece < reply.n - done ? piece : reply.n - done;
		send_some(p, reply.at + done, n);
		done += n;
		if (pause_ns)
			ts_clock_sleep_until(ts_clock_mono_ns() + pause_ns);
	}
	free(reply.at);
	return true;
}

bool play_answer(struct play *p, size_t piece, int64_t pause_ns)
{
	return !p->asked || answer(p, true, true, piece, pause_ns);
}

bool play_stamp_alone(struct play *p)
{
	return answer(p, true, false, 0, 0);
}

bool play_data_alone(struct play *p)
{
	return answer(p, false, true, 0, 0);
}
