/* Start, accept, stop; and the list of the faults. */
#include "faulty.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

struct row {
	const char *name, *level, *transport, *needs, *flags, *kills, *sentence;
};

#define MUST   "must"
#define SHOULD "should"
static const struct row rows[FAULT_N] = {
        [FAULT_NONE] = {"none", "none", "tcp", "", "", "-", "is correct"},
#define FAULT(id, name, level, transport, needs, flags, kills, sentence)                                               \
	[FAULT_##id] = {name, level, transport, needs, flags, kills, sentence},
#include "faults.def"
#undef FAULT
};

static void help(void)
{
	puts("usage: faulty [--fault=NAME] [OPTION]...\n"
	     "A timestamp server that is correct but for one fault.\n\n"
	     "  --fault=NAME              the fault (none); its flags are set, too\n"
	     "  --list-faults             print: name, requirement that names it, level, transport, needs, flags, "
	     "sentence\n"
	     "  --listen=URI              endpoint (tcp://127.0.0.1:0)\n"
	     "  --ready-fd=FD             descriptor for the ready line (standard output)\n"
	     "  --form=thread|iterative|fork   how clients are served (thread)\n"
	     "  --framing=stream|line     what a message is (stream)\n"
	     "  --time=ctime|rfc3339      the time text (ctime)\n"
	     "  --space                   one space after the stamp\n"
	     "  --one-shot                one message for each connection");
}

static void faults_list(void)
{
	for (int i = FAULT_NONE + 1; i < FAULT_N; i++)
		printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", rows[i].name, rows[i].kills, rows[i].level, rows[i].transport,
		       *rows[i].needs ? rows[i].needs : "-", *rows[i].flags ? rows[i].flags : "-", rows[i].sentence);
}

/* --- arguments -----------------------------------------------------------------------------------------------------
 */

static int choice_parse(const char *arg, const char *value, const char *const *choices)
{
	for (int i = 0; choices[i]; i++)
		if (!strcmp(value, choices[i]))
			return i;
	peer_die(2, "%s: not one of the choices; --help shows them", arg);
}

static bool argument_parse(struct server *s, const char *arg, int *ready_fd);

static void fault_choose(struct server *s, const char *arg, const char *name)
{
	for (int i = 0; i < FAULT_N; i++) {
		if (strcmp(rows[i].name, name))
			continue;
		s->fault = i;
		if (*rows[i].flags)
			argument_parse(s, rows[i].flags, NULL);
		return;
	}
	peer_die(2, "%s: no such fault; --list-faults lists them", arg);
}

static bool argument_parse(struct server *s, const char *arg, int *ready_fd)
{
	static const char *const forms[] = {"thread", "iterative", "fork", NULL},
	                         *const times[] = {"ctime", "rfc3339", NULL},
	                         *const framings[] = {"stream", "line", NULL};
	const char *value;

	if ((value = peer_value(arg, "--fault")))
		fault_choose(s, arg, value);
	else if ((value = peer_value(arg, "--listen")))
		peer_parse(&s->endpoint, value);
	else if (ready_fd && (value = peer_value(arg, "--ready-fd")))
		*ready_fd = atoi(value);
	else if ((value = peer_value(arg, "--form")))
		s->form = choice_parse(arg, value, forms);
	else if ((value = peer_value(arg, "--framing")))
		s->line = choice_parse(arg, value, framings);
	else if ((value = peer_value(arg, "--time")))
		s->rfc3339 = choice_parse(arg, value, times);
	else if (!strcmp(arg, "--space"))
		s->space = true;
	else if (!strcmp(arg, "--one-shot"))
		s->one_shot = true;
	else
		return false;
	return true;
}

/* --- waiting -------------------------------------------------------------------------------------------------------
 */

/* A signal has come: children are reaped, or the server stops. */
static void signal_take(struct server *s)
{
	struct signalfd_siginfo info;
	pid_t pid;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD) {
		s->stopping = true;
		return;
	}
	while (s->fault != FAULT_LEAK_ZOMBIES && (pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (int i = 0; i < CLIENTS_MAX; i++)
			if (s->clients[i] == pid) {
				s->clients[i] = 0;
				s->n_open--;
			}
}

bool server_wait(struct server *s, int fd, int signals, int timeout_ms)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	int n;

	for (;;) {
		n = poll(fds, 2, s->fault == FAULT_IDLE_SPINS && signals >= 0 ? 0 : timeout_ms);
		if (n > 0 && fds[1].revents) {
			signal_take(s);
			if (s->stopping && fd == s->listener)
				return false;
			if (s->stopping)
				shutdown(fd, SHUT_RD); /* what has been received is still answered */
		}
		if (n > 0 && fds[0].revents)
			return true;
		if (s->stopping || (n == 0 && timeout_ms >= 0))
			return s->stopping;
	}
}

/* --- clients -------------------------------------------------------------------------------------------------------
 */

/* The conversation is over: its place is free, its descriptor closed unless the fault keeps it. */
static void client_end(struct conversation *c)
{
	struct server *s = c->server;

	pthread_mutex_lock(&s->lock);
	if (c->is_closed)
		close(c->fd);
	else if (s->fault == FAULT_CLOSES_WITH_NEXT)
		s->close_next = c->fd;
	s->clients[c->place] = 0;
	s->n_open--;
	for (int i = 0; s->fault == FAULT_LEAVER_ENDS_ALL && i < CLIENTS_MAX; i++)
		if (s->clients[i])
			shutdown(s->clients[i], SHUT_RDWR);
	pthread_cond_signal(&s->client_gone);
	pthread_mutex_unlock(&s->lock);
	if (s->fault == FAULT_ONE_CLIENT || (s->fault == FAULT_CLIENTS_120 && s->n_clients >= 120))
		exit(0);
	free(c);
}

static void *client_thread(void *arg)
{
	struct conversation *c = arg;

	conversation_run(c);
	client_end(c);
	return NULL;
}

/* Start the thread of a conversation. */
static bool client_run(struct conversation *c)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 1 << 18);
	error = pthread_create(&thread, &attr, client_thread, c);
	pthread_attr_destroy(&attr);
	return error == 0;
}

/* The conversation in a process of its own; returns its id to the parent. */
static pid_t client_fork(struct conversation *c)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(c->server->listener);
	close(c->server->signals);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	conversation_run(c);
	close(c->fd);
	if (c->server->fault == FAULT_LEAK_PROCESSES)
		pause();
	_exit(0);
}

/* A place in the table, taken for fd; -1: all are taken. */
static int place_take(struct server *s, int fd)
{
	int place = -1;

	pthread_mutex_lock(&s->lock);
	for (int i = 0; place < 0 && i < CLIENTS_MAX; i++)
		if (!s->clients[i])
			place = i;
	if (place >= 0) {
		s->clients[place] = fd;
		s->n_open++;
	}
	pthread_mutex_unlock(&s->lock);
	return place;
}

static void client_start(struct server *s, int fd, bool was_queued)
{
	struct conversation *c = calloc(1, sizeof(*c));
	int place = place_take(s, fd);

	if (!c || place < 0) {
		close(fd);
		free(c);
		return;
	}
	s->n_clients++;
	*c = (struct conversation){.server = s,
	                           .fd = fd,
	                           .place = place,
	                           .was_queued = was_queued,
	                           .connected_ns = peer_now_ns(CLOCK_REALTIME)};
	if (!s->first_client_ns)
		s->first_client_ns = c->connected_ns;
	if (s->form == FORM_FORK) {
		s->clients[place] = client_fork(c);
		close(fd);
		free(c);
	} else if (s->form == FORM_ITERATIVE) {
		client_thread(c);
	} else if (!client_run(c)) {
		c->is_closed = true;
		client_end(c);
	}
}

/* Faults that turn callers away, or look at them first; false: this one is not served. */
static bool caller_look(struct server *s, int fd)
{
	struct sockaddr_storage addr;
	socklen_t addr_len = sizeof(addr);
	int most = s->fault == FAULT_CALLERS_REFUSED ? 1 : s->fault == FAULT_FIFTY_OPEN ? 50 : CLIENTS_MAX;

	if (s->fault == FAULT_RESET_EARLY_DIES && getpeername(fd, (struct sockaddr *)&addr, &addr_len) < 0)
		exit(1);
	if (s->close_next)
		close(s->close_next);
	s->close_next = 0;
	if (s->fault == FAULT_SILENT_BLOCKS)
		server_wait(s, fd, s->signals, -1);
	return s->n_open < (size_t)most;
}

static void clients_serve(struct server *s)
{
	bool was_queued = false;
	int fd, on = 1;

	while (server_wait(s, s->listener, s->signals, -1)) {
		fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			if ((errno == EMFILE || errno == ENFILE) && s->fault == FAULT_DESCRIPTORS_DIE)
				exit(1);
			usleep(errno == EMFILE || errno == ENFILE ? 10000 : 0);
			continue;
		}
		if (s->endpoint.family != AF_UNIX)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (!caller_look(s, fd) || (s->fault == FAULT_QUEUE_DROPPED && was_queued))
			close(fd);
		else
			client_start(s, fd, was_queued);
		was_queued = s->form == FORM_ITERATIVE &&
		             poll(&(struct pollfd){.fd = s->listener, .events = POLLIN}, 1, 0) > 0;
	}
}

/* --- start and stop ------------------------------------------------------------------------------------------------
 */

static void listen_start(struct server *s)
{
	const char *path = peer_path(&s->endpoint);
	int on = 1, off = 0, error;

	if (s->fault == FAULT_READY_LATE)
		sleep(6);
	if (path && s->fault == FAULT_PATH_STALE_STOPS && access(path, F_OK) == 0)
		peer_die(3, "%s: is there already", path);
	if (path && s->fault == FAULT_PATH_STOLEN)
		unlink(path);
	s->listener = peer_socket(&s->endpoint, s->endpoint.type == SOCK_STREAM ? SOCK_NONBLOCK : 0);
	if (s->fault == FAULT_NO_REUSE)
		setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
	if (s->fault == FAULT_SECOND_SHARES)
		setsockopt(s->listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	error = peer_bind(&s->endpoint, s->listener);
	if (error && s->fault == FAULT_SECOND_CONTENT)
		exit(0);
	if (error)
		peer_die(3, "cannot listen: %s", strerror(-error));
}

static void signals_start(struct server *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (s->fault == FAULT_TERM_IGNORED || s->fault == FAULT_TERM_IGNORED_UDP)
		signal(SIGTERM, SIG_IGN);
	else if (s->fault != FAULT_EXIT_SIGNAL)
		sigaddset(&set, SIGTERM);
	if (s->fault == FAULT_INT_IGNORED)
		signal(SIGINT, SIG_IGN);
	else
		sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		peer_die(3, "signalfd: %s", strerror(errno));
}

/* A child that holds the listening socket, and nothing else, for half a minute. */
static void child_leave(const struct server *s)
{
	if (fork())
		return;
	dup2(s->listener, 0);
	close_range(1, ~0U, 0);
	prctl(PR_SET_PDEATHSIG, 0);
	sleep(30);
	_exit(0);
}

/* End the conversations: the replies in hand go out, for three seconds at most. */
static void clients_stop(struct server *s)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += s->fault == FAULT_TERM_WAITS ? PEER_LIFE_S : 3;
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i] && s->form == FORM_FORK)
			kill(s->clients[i], SIGTERM);
		else if (s->clients[i] && s->fault != FAULT_TERM_WAITS)
			shutdown(s->clients[i], SHUT_RD);
	while (s->n_open && s->form != FORM_FORK)
		if (pthread_cond_timedwait(&s->client_gone, &s->lock, &until))
			break;
	pthread_mutex_unlock(&s->lock);
	while (s->form == FORM_FORK && wait(NULL) > 0)
		;
}

static int server_stop(struct server *s)
{
	if (s->fault == FAULT_REPLY_DROPPED)
		_exit(0);
	if (s->fault == FAULT_CHILD_LEFT)
		child_leave(s);
	if (s->fault == FAULT_TERM_SLOW)
		sleep(8);
	if (s->endpoint.type == SOCK_STREAM && s->fault != FAULT_TERM_WAITS)
		close(s->listener);
	clients_stop(s);
	if (peer_path(&s->endpoint) && s->fault != FAULT_PATH_LEFT && s->fault != FAULT_PATH_LEFT_GRAM)
		unlink(peer_path(&s->endpoint));
	return s->fault == FAULT_EXIT_STATUS;
}

int main(int argc, char **argv)
{
	struct server s = {.lock = PTHREAD_MUTEX_INITIALIZER,
	                   .send_lock = PTHREAD_MUTEX_INITIALIZER,
	                   .client_gone = PTHREAD_COND_INITIALIZER};
	int ready_fd = -1;

	peer_parse(&s.endpoint, "tcp://127.0.0.1:0");
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--list-faults")) {
			faults_list();
			return 0;
		}
		if (!strcmp(argv[i], "--help")) {
			help();
			return 0;
		}
		if (!argument_parse(&s, argv[i], &ready_fd))
			peer_die(2, "%s: no such option; --help lists them", argv[i]);
	}
	s.one_shot |= s.fault == FAULT_ONE_SHOT_CUT;
	s.started_ns = peer_now_ns(CLOCK_REALTIME);
	peer_bound_life();
	signals_start(&s);
	listen_start(&s);
	peer_ready(ready_fd, &s.endpoint);
	if (s.endpoint.type == SOCK_STREAM)
		clients_serve(&s);
	else
		datagrams_run(&s);
	return server_stop(&s);
}
