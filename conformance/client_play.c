#include "client_play.h"
#include "launch.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS                   5             /* between two looks whether the client has ended */
#define FLOOD                     (512 * 1024)  /* bytes of output that no case asks for */
#define PIECE                     4             /* the shortest piece of a reply that is looked for in the output */
#define LINGER_NS                 (20 * TS_MS)  /* for the line's end, which some clients send by itself */
#define GRACE_NS                  (300 * TS_MS) /* for a client to end by itself, before the server closes */
#define TRACED(p, what, bytes, n) trace_add(&(p)->t->trace, ts_clock_mono_ns(), 1, what, bytes, n)

static bool stream(const struct play *p)
{
	return ts_transport_is_stream(p->at.transport);
}

static void add(struct play_bytes *b, const void *bytes, size_t n)
{
	if (b->n + n > b->room) {
		size_t room = 2 * (b->n + n) + 256;
		char *more = realloc(b->at, room);
		if (!more)
			return;
		b->at = more;
		b->room = room;
	}
	memcpy(b->at + b->n, bytes, n);
	b->n += n;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- the process ----------------------------------------------------------------------------------------- */

static void become_client(const char *command, const int fds[3])
{
	setpgid(0, 0);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	closefrom(3);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static bool spawn(struct play *p)
{
	int in[2], out[2], err[2];
	char *command = launch_fill_in(p->t->subject->options->client, &p->at);

	if (!command || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) {
		free(command);
		return turn_fail(p->t, OURSELVES, "cannot make pipes: %s", strerror(errno));
	}
	p->pid = fork();
	if (p->pid == 0)
		become_client(command, (int[]){in[0], out[1], err[1]});
	free(command);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	p->in_fd = in[1];
	p->out_fd = out[0];
	p->err_fd = err[0];
	fcntl(p->in_fd, F_SETFL, O_NONBLOCK);
	fcntl(p->out_fd, F_SETFL, O_NONBLOCK);
	fcntl(p->err_fd, F_SETFL, O_NONBLOCK);
	if (p->pid < 0) {
		p->pid = 0;
		return turn_fail(p->t, OURSELVES, "cannot start the client: %s", strerror(errno));
	}
	setpgid(p->pid, p->pid);
	return true;
}

bool play_begin(struct play *p, struct turn *t)
{
	struct ts_listen how = {.sock_flags = SOCK_NONBLOCK};
	struct ts_err err = {0};

	*p = (struct play){.t = t, .at = t->subject->endpoint, .in_fd = -1, .out_fd = -1, .err_fd = -1};
	p->time = "ctime";
	p->separator = " ";
	p->listen_fd = ts_endpoint_listen(&p->at, &how, &err);
	if (p->listen_fd < 0)
		return turn_fail(t, OURSELVES, "%s", err.text);
	return spawn(p);
}

void play_release(struct play *p)
{
	if (p->pid > 0) {
		kill(-p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	for (int i = 0; i < p->n_conns; i++)
		close_fd(&p->conns[i].fd);
	if (p->listen_fd >= 0)
		ts_endpoint_remove(&p->at);
	close_fd(&p->listen_fd);
	close_fd(&p->in_fd);
	close_fd(&p->out_fd);
	close_fd(&p->err_fd);
	free(p->typed.at);
	free(p->got.at);
	free(p->out.at);
	free(p->err.at);
}

/* --- what comes ------------------------------------------------------------------------------------------ */

static void read_pipe(struct play *p, int *fd, struct play_bytes *to, const char *what)
{
	char buf[16384];
	ssize_t n;

	while (*fd >= 0 && !p->flooded && (n = read(*fd, buf, sizeof(buf))) != -1) {
		if (n == 0) {
			close_fd(fd);
			return;
		}
		TRACED(p, what, buf, (size_t)n);
		add(to, buf, (size_t)n);
		p->flooded = to->n > FLOOD;
	}
}

static void read_conn(struct play *p, int i)
{
	struct play_conn *c = &p->conns[i];
	char buf[16384];
	ssize_t n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n > 0) {
		TRACED(p, "sends", buf, (size_t)n);
		add(&p->got, buf, (size_t)n);
		p->asked = true;
		p->talk = i;
	} else if (n == 0) {
		TRACED(p, "FIN", NULL, 0);
		p->fin = c->at_end = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		TRACED(p, "RST", NULL, 0);
		p->rst = true;
		close_fd(&c->fd);
	}
}

static void take_call(struct play *p)
{
	int fd = p->n_conns < PLAY_CONNS ? accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

	if (fd < 0)
		return;
	TRACED(p, "connects", NULL, 0);
	p->conns[p->n_conns++] = (struct play_conn){.fd = fd};
}

/* One datagram at a time: the next is left in its queue until this one is answered. */
static void take_datagram(struct play *p)
{
	char buf[65536];
	ssize_t n;

	p->n_from = sizeof(p->from);
	n = recvfrom(p->listen_fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&p->from, &p->n_from);
	if (n < 0)
		return;
	TRACED(p, "sends", buf, (size_t)n);
	add(&p->got, buf, (size_t)n);
	p->asked = true;
}

/* One look at the wire and at the pipes, for a tick at most. */
static void pump(struct play *p)
{
	struct pollfd fds[PLAY_CONNS + 3];
	int n = 0;

	fds[n++] = (struct pollfd){.fd = p->out_fd, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = p->err_fd, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = stream(p) || !p->asked ? p->listen_fd : -1, .events = POLLIN};
	for (int i = 0; i < p->n_conns; i++)
		fds[n++] = (struct pollfd){.fd = p->conns[i].at_end ? -1 : p->conns[i].fd, .events = POLLIN};
	if (poll(fds, (nfds_t)n, TICK_MS) < 0)
		return;
	read_pipe(p, &p->out_fd, &p->out, "prints");
	read_pipe(p, &p->err_fd, &p->err, "complains");
	for (int i = 3; i < n; i++)
		if (fds[i].revents)
			read_conn(p, i - 3);
	if (fds[2].revents && stream(p))
		take_call(p);
	else if (fds[2].revents)
		take_datagram(p);
}

static bool gone(struct play *p)
{
	if (p->pid == 0)
		return true;
	if (waitpid(p->pid, &p->status, WNOHANG) != p->pid)
		return false;
	TRACED(p, "ends", NULL, 0);
	kill(-p->pid, SIGKILL); /* what it left behind */
	p->pid = 0;
	pump(p);
	return true;
}

void play_pause(struct play *p, int64_t ns)
{
	int64_t until_ns = ts_clock_mono_ns() + ns;

	while (ts_clock_mono_ns() < until_ns && !ts_signal_stop())
		pump(p);
}

static size_t letters_of(const struct play_bytes *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->at[i] != '\r' && b->at[i] != '\n';
	return n;
}

const char *play_said(const struct play *p, char *buf, size_t size)
{
	char out[120], err[120];

	trace_quote(p->out.at, p->out.n, out, sizeof(out));
	if (p->err.n == 0)
		return snprintf(buf, size, "%s", out), buf;
	size_t n = p->err.n < 80 ? p->err.n : 80; /* the last words say most */
	trace_quote(p->err.at + p->err.n - n, n, err, sizeof(err));
	snprintf(buf, size, "%s, and its messages end in %s", out, err);
	return buf;
}

static void note_ending(const struct play *p)
{
	struct client_style *style = p->t->subject->client;
	size_t n = p->got.n;
	const char *b = p->got.at;

	if (n == 0)
		return;
	style->known = true;
	style->ending = b[n - 1] != '\n' ? "none" : n > 1 && b[n - 2] == '\r' ? "CR LF" : "LF";
}

bool play_take(struct play *p, size_t n_letters)
{
	int64_t deadline_ns = ts_clock_mono_ns() + turn_wait_ns(p->t);

	while (letters_of(&p->got) < n_letters) {
		if (gone(p) || ts_clock_mono_ns() > deadline_ns || p->flooded || ts_signal_stop()) {
			char said[260];
			snprintf(p->t->expected, sizeof(p->t->expected), "%zu bytes of what was typed", n_letters);
			trace_quote(p->got.at, p->got.n, p->t->actual, sizeof(p->t->actual));
			return turn_fail(p->t, p->pid ? SILENCE : BYTES, "the client %s; it printed %s",
			                 p->pid ? "does not send what was typed"
			                        : "ended before it sent what was typed",
			                 play_said(p, said, sizeof(said)));
		}
		pump(p);
	}
	if (stream(p) && p->got.at[p->got.n - 1] != '\n')
		play_pause(p, LINGER_NS);
	note_ending(p);
	return true;
}

/* --- what is typed and answered -------------------------------------------------------------------------- */

bool play_type(struct play *p, size_t n)
{
	char *line = malloc(n + 1);
	size_t done = 0;
	int64_t deadline_ns = ts_clock_mono_ns() + turn_wait_ns(p->t);

	if (!line || p->n_lines == PLAY_LINES) {
		free(line);
		return turn_fail(p->t, OURSELVES, "out of memory");
	}
	turn_letters(p->t, line, n);
	line[n] = '\n';
	p->lines[p->n_lines++] = (struct play_line){p->typed.n, n};
	add(&p->typed, line, n);
	TRACED(p, "typed", line, n + 1);
	while (done <= n && p->in_fd >= 0 && ts_clock_mono_ns() < deadline_ns) {
		ssize_t w = write(p->in_fd, line + done, n + 1 - done);
		if (w < 0 && errno != EAGAIN && errno != EINTR)
			break; /* it reads no more: the wire will show it */
		done += w > 0 ? (size_t)w : 0;
		if (w < 0)
			pump(p);
	}
	free(line);
	return true;
}

bool play_line(struct play *p, size_t n)
{
	return play_type(p, n) && play_take(p, p->typed.n);
}

static void send_some(struct play *p, const char *bytes, size_t n)
{
	int64_t deadline_ns = ts_clock_mono_ns() + turn_wait_ns(p->t);

	TRACED(p, "gets", bytes, n);
	if (!stream(p)) {
		sendto(p->listen_fd, bytes, n, 0, (struct sockaddr *)&p->from, p->n_from);
		return;
	}
	for (size_t done = 0; done < n && p->n_conns > 0 && ts_clock_mono_ns() < deadline_ns;) {
		ssize_t w = send(p->conns[p->talk].fd, bytes + done, n - done, MSG_NOSIGNAL);
		if (w < 0 && errno != EAGAIN)
			return; /* it has gone; its end is looked at later */
		done += w > 0 ? (size_t)w : 0;
		if (w < 0)
			pump(p);
	}
}

static void add_stamp(const struct play *p, struct play_bytes *to)
{
	struct ts_stamp_format format = {0};
	struct ts_stamp_writer w;
	const char *text;
	char suffix[32];
	size_t n;

	ts_stamp_format_parse(&format, p->time, NULL);
	snprintf(suffix, sizeof(suffix), "]%s", p->separator);
	ts_stamp_writer_init(&w, &format, suffix);
	n = ts_stamp_write(&w, ts_clock_wall_ns(), &text);
	add(to, text, n);
}

static bool answer(struct play *p, bool stamp, bool data, size_t piece, int64_t pause_ns)
{
	struct play_bytes reply = {0};

	if (!stream(p) && p->n_from <= sizeof(sa_family_t))
		return turn_fail(p->t, BYTES, "the client's socket has no name of its own: it cannot be answered");
	if (stamp)
		add_stamp(p, &reply);
	if (data) {
		add(&reply, p->got.at + p->n_answered, p->got.n - p->n_answered);
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

void play_drop(struct play *p)
{
	p->n_answered = p->got.n;
	p->asked = false;
}

void play_drop_letters(struct play *p)
{
	p->n_answered = p->got.n;
	while (p->n_answered > 0 && strchr("\r\n", p->got.at[p->n_answered - 1]))
		p->n_answered--;
}

/* --- ends ------------------------------------------------------------------------------------------------ */

void play_fin(struct play *p)
{
	for (int i = 0; i < p->n_conns; i++)
		if (p->conns[i].fd >= 0)
			shutdown(p->conns[i].fd, SHUT_WR);
	TRACED(p, "gets FIN", NULL, 0);
}

void play_reset(struct play *p)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	for (int i = 0; i < p->n_conns; i++) {
		setsockopt(p->conns[i].fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close_fd(&p->conns[i].fd);
	}
	TRACED(p, "gets RST", NULL, 0);
}

void play_empty_line(struct play *p)
{
	TRACED(p, "typed", "\n", 1);
	if (p->in_fd >= 0 && write(p->in_fd, "\n", 1) < 0)
		close_fd(&p->in_fd);
}

void play_end_input(struct play *p)
{
	TRACED(p, "end input", NULL, 0);
	close_fd(&p->in_fd);
}

bool play_ended(struct play *p, int64_t wait_ns)
{
	int64_t deadline_ns = ts_clock_mono_ns() + wait_ns;

	while (!gone(p) && !p->flooded && !ts_signal_stop()) {
		if (ts_clock_mono_ns() > deadline_ns)
			return false;
		pump(p);
		play_answer(p, 0, 0);
		for (int i = 0; i < p->n_conns; i++)
			if (p->conns[i].at_end)
				close_fd(&p->conns[i].fd);
	}
	return p->pid == 0;
}

bool play_finish(struct play *p)
{
	play_empty_line(p);
	play_end_input(p);
	if (play_ended(p, GRACE_NS))
		return true;
	play_fin(p);
	if (play_ended(p, turn_wait_ns(p->t)))
		return true;
	return turn_fail(p->t, p->flooded ? BYTES : SILENCE, "the client %s",
	                 p->flooded ? "floods its output" : "does not end");
}

/* --- the output ------------------------------------------------------------------------------------------ */

/*
 * Clients show a long reply in parts, each with a line's end, and prompts between them. So blanks are left out, and
 * the data is looked for in pieces of at least PIECE bytes.
 */
static const char *find(const char *from, const char *end, const char *data, size_t n)
{
	for (size_t done = 0; done < n;) {
		const char *at = n - done < PIECE ? NULL : memmem(from, (size_t)(end - from), data + done, PIECE);
		if (!at)
			return NULL;
		while (done < n && at < end && *at == data[done]) {
			at++;
			done++;
		}
		from = at;
	}
	return from;
}

bool play_shown(struct play *p, int first)
{
	char *plain = malloc(p->out.n + 1), said[280];
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; plain && i < p->out.n; i++)
		if (!isspace((unsigned char)p->out.at[i]))
			plain[n++] = p->out.at[i];
	const char *at = plain;
	for (int i = first; plain && ok && i < p->n_lines; i++) {
		const char *data = p->typed.at + p->lines[i].from;
		at = find(at, plain + n, data, p->lines[i].n);
		if (at)
			continue;
		trace_quote(data, p->lines[i].n, p->t->expected, sizeof(p->t->expected));
		snprintf(p->t->actual, sizeof(p->t->actual), "%s", play_said(p, said, sizeof(said)));
		ok = turn_fail(p->t, BYTES, "the reply to line %d of %zu bytes is not shown whole", i + 1,
		               p->lines[i].n);
	}
	free(plain);
	return ok;
}
