/* The client's process: its start, its end, and what becomes of its descriptors. */
#include "client.h"
#include "client_play.h"
#include "launch.h"
#include "ts_signal.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void become_client(const char *command, const int fds[3])
{
	setpgid(0, 0);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	closefrom(3);
	ts_signal_uninstall();
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

int client_check_endpoint(const struct ts_endpoint *at, struct ts_err *err)
{
	struct ts_endpoint own = *at;
	int fd = ts_endpoint_listen(&own, &(struct ts_listen){0}, err);

	if (fd < 0)
		return fd;
	struct ts_endpoint_file file = ts_endpoint_file(&own);
	ts_endpoint_remove_own(&own, &file);
	close(fd);
	return 0;
}

bool play_begin(struct play *p, struct turn *t)
{
	struct ts_listen how = {.sock_flags = SOCK_NONBLOCK};
	struct ts_err err = {0};

	*p = (struct play){.t = t, .at = t->subject->endpoint, .in_fd = -1, .out_fd = -1, .err_fd = -1};
	const struct options *o = t->subject->options;
	p->time = strcmp(o->time, "auto") == 0 ? "ctime" : o->time;
	p->separator = strcmp(o->separator, "auto") == 0 ? " " : o->separator;
	p->listen_fd = ts_endpoint_listen(&p->at, &how, &err);
	if (p->listen_fd < 0)
		return turn_fail(t, OURSELVES, "%s", err.text);
	p->file = ts_endpoint_file(&p->at);
	return spawn(p);
}

void play_release(struct play *p)
{
	if (p->pid > 0) {
		kill(-p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	for (int i = 0; i < p->n_conns; i++)
		play_close_fd(&p->conns[i].fd);
	if (p->listen_fd >= 0)
		ts_endpoint_remove_own(&p->at, &p->file);
	play_close_fd(&p->listen_fd);
	play_close_fd(&p->in_fd);
	play_close_fd(&p->out_fd);
	play_close_fd(&p->err_fd);
	free(p->typed.at);
	free(p->got.at);
	free(p->out.at);
	free(p->err.at);
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

bool play_gone(struct play *p)
{
	if (p->pid == 0)
		return true;
	if (waitpid(p->pid, &p->status, WNOHANG) != p->pid)
		return false;
	TRACED(p, "ends", NULL, 0);
	kill(-p->pid, SIGKILL); /* what it left behind */
	p->pid = 0;
	play_pump(p);
	note_absent(p);
	return true;
}
