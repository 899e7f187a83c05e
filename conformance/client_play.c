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

#define TICK_MS   5             /* between two looks whether the client has ended */
#define FLOOD     (512 * 1024)  /* bytes of output that no case asks for */
#define LINGER_NS (20 * TS_MS)  /* for the line's end, which some clients send by itself */
#define GRACE_NS  (300 * TS_MS) /* for a client to end by itself, before the server closes */

bool play_on_stream(const struct play *p)
{
	return ts_transport_is_stream(p->at.transport);
}

void play_add(struct play_bytes *b, const void *bytes, size_t n)
{
	if (n == 0)
		return;
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
		play_add(to, buf, (size_t)n);
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
		play_add(&p->got, buf, (size_t)n);
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
	play_add(&p->got, buf, (size_t)n);
	p->asked = true;
}

/* One look at the wire and at the pipes, for a tick at most. */
static void pump(struct play *p)
{
	struct pollfd fds[PLAY_CONNS + 3];
	int n = 0;

	fds[n++] = (struct pollfd){.fd = p->out_fd, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = p->err_fd, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = play_on_stream(p) || !p->asked ? p->listen_fd : -1, .events = POLLIN};
	for (int i = 0; i < p->n_conns; i++)
		fds[n++] = (struct pollfd){.fd = p->conns[i].at_end ? -1 : p->conns[i].fd, .events = POLLIN};
	if (poll(fds, (nfds_t)n, TICK_MS) < 0)
		return;
	read_pipe(p, &p->out_fd, &p->out, "prints");
	read_pipe(p, &p->err_fd, &p->err, "complains");
	for (int i = 3; i < n; i++)
		if (fds[i].revents)
			read_conn(p, i - 3);
	if (fds[2].revents && play_on_stream(p))
		take_call(p);
	else if (fds[2].revents)
		take_datagram(p);
}

/* The shell's own message, where there is no such command. */
static void note_absent(const struct play *p)
{
	struct client_style *style = p->t->subject->client;

	if (p->n_conns || p->got.n || !WIFEXITED(p->status) ||
	    (WEXITSTATUS(p->status) != 127 && WEXITSTATUS(p->status) != 126))
		return;
	style->absent = true;
	snprintf(style->absent_why, sizeof(style->absent_why), "%.*s", (int)(p->err.n ? p->err.n - 1 : 0),
	         p->err.at ? p->err.at : "");
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
	note_absent(p);
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
	if (play_on_stream(p) && p->got.at[p->got.n - 1] != '\n')
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
	play_add(&p->typed, line, n);
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
