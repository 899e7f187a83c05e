/* Clients: waiting for them, accepting them, a thread or a process for each, and counting who is there. */
#include "faulty.h"
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* --- waiting --------------------------------------------------------------------------------------------------- */

bool server_has_caller(const struct server *s)
{
	return poll(&(struct pollfd){.fd = s->listener, .events = POLLIN}, 1, 0) > 0;
}

/* TERM_SERVES_QUEUE: until each caller who waits has ended. */
static void queue_await(struct server *s)
{
	char lost[4096];

	while (server_has_caller(s)) {
		int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		while (recv(fd, lost, sizeof(lost), 0) > 0)
			;
		close(fd);
	}
}

/* A signal has come: children are reaped, or the server stops. */
static void signal_take(struct server *s)
{
	struct signalfd_siginfo info;
	bool goes_on = s->fault != FAULT_LEAK_ZOMBIES && s->fault != FAULT_LEAK_ZOMBIES_APART;
	pid_t pid;

	if (s->fault == FAULT_LEAK_ZOMBIES_MERGED && s->n_open > 1)
		usleep(50000); /* it has something else to do first: on a busy machine, too, several end meanwhile */
	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD) {
		s->stopping = true;
		if (s->fault == FAULT_TERM_SERVES_QUEUE)
			queue_await(s);
		return;
	}
	while (goes_on && (pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (int i = 0; i < CLIENTS_MAX; i++)
			if (s->clients[i] == pid) {
				s->clients[i] = 0;
				s->n_open--;
			}
		goes_on = s->fault != FAULT_LEAK_ZOMBIES_MERGED;
	}
}

bool server_wait(struct server *s, int fd, int signals, int timeout_ms)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	int n;

	for (;;) {
		if (s->stopping && fd == s->listener) /* the signal came in a conversation */
			return false;
		n = poll(fds, 2, s->fault == FAULT_IDLE_SPINS && signals >= 0 ? 0 : timeout_ms);
		if (n > 0 && fds[1].revents) {
			signal_take(s);
			if (s->stopping && fd == s->listener)
				continue;
			if (s->stopping)
				shutdown(fd, SHUT_RD); /* what has been received is still answered */
		}
		if (n > 0 && fds[0].revents)
			return true;
		if (s->stopping || (n == 0 && timeout_ms >= 0))
			return s->stopping;
	}
}

/* --- clients --------------------------------------------------------------------------------------------------- */

/* LEAVERS_END_THIRD: has another client ended that is not gone yet? Then one who has not is closed on. */
static void third_end(struct server *s)
{
	int n_leavers = 0, third = -1;

	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct pollfd poll_fd = {.fd = s->clients[i], .events = POLLRDHUP};

		if (s->clients[i] && poll(&poll_fd, 1, 0) > 0)
			n_leavers++;
		else if (s->clients[i])
			third = s->clients[i];
	}
	if (n_leavers && third >= 0)
		shutdown(third, SHUT_RDWR);
}

/* All conversations are cut off. The lock is held. */
static void all_end(struct server *s)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i])
			shutdown(s->clients[i], SHUT_RDWR);
}

/* OLDEST_ENDS_NEXT: the first who is left is cut off, if the one who has gone was before it. The lock is held. */
static void next_ends(struct server *s, int place)
{
	int first = 0;

	while (first < CLIENTS_MAX && !s->clients[first])
		first++;
	if (first > place && first < CLIENTS_MAX)
		shutdown(s->clients[first], SHUT_RDWR);
}

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
	if (s->fault == FAULT_OLDEST_ENDS_NEXT)
		next_ends(s, c->place);
	if (s->fault == FAULT_LEAVER_ENDS_ALL || (s->fault == FAULT_RESET_ENDS_ALL && c->is_reset))
		all_end(s);
	for (int i = CLIENTS_MAX; s->fault == FAULT_RESET_ENDS_NEWEST && c->is_reset && --i > c->place;)
		if (s->clients[i]) {
			shutdown(s->clients[i], SHUT_RDWR);
			break;
		}
	if (s->fault == FAULT_LEAVERS_END_THIRD)
		third_end(s);
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
bool server_is_outlived(const struct server *s)
{
	return s->fault == FAULT_CHILDREN_OUTLIVE || s->fault == FAULT_CHILDREN_HOLD;
}

static pid_t client_fork(struct conversation *c)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (c->server->fault != FAULT_CHILDREN_HOLD)
		close(c->server->listener);
	close(c->server->signals);
	prctl(PR_SET_PDEATHSIG, server_is_outlived(c->server) ? 0 : SIGTERM);
	if (c->server->fault == FAULT_LEAK_ZOMBIES_APART)
		setsid();
	conversation_run(c);
	close(c->fd);
	if (c->server->fault == FAULT_LEAK_PROCESSES ||
	    (c->server->fault == FAULT_LEAK_PROCESSES_SOME && c->server->n_clients % 20 == 0 && setsid() > 0))
		pause();
	_exit(0);
}

/* A place in the table, taken for fd; -1: all are taken. */
static int place_take(struct server *s, int fd)
{
	int place = -1;

	pthread_mutex_lock(&s->lock);
	if (s->fault == FAULT_CALLER_ENDS_ALL)
		all_end(s);
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
	                           .nth = s->n_clients,
	                           .was_queued = was_queued,
	                           .connected_ns = peer_now_ns(CLOCK_REALTIME)};
	if (s->fault == FAULT_TIME_BEFORE_ACCEPT)
		c->connected_ns = s->waiting_ns;
	if (!s->first_client_ns || s->fault == FAULT_TIME_OF_LATEST)
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

/* FIFTY_DIE_LATE: as the kernel may do it on a busy machine, where the listening socket is the last to go. */
static void fifty_die(struct server *s, int fd)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC}; /* to connect to it resets */

	if (s->fault == FAULT_FIFTY_DIE_LATE) {
		for (int i = 0; i < CLIENTS_MAX; i++)
			if (s->clients[i])
				(void)connect(s->clients[i], &nobody, sizeof(nobody));
		(void)connect(fd, &nobody, sizeof(nobody));
		usleep(100000);
	}
	exit(1);
}

/* Faults that turn callers away, or look at them first; false: this one is not served. */
static bool caller_look(struct server *s, int fd)
{
	struct sockaddr_storage addr;
	socklen_t addr_len = sizeof(addr);
	int most = s->fault == FAULT_CALLERS_REFUSED ? 1
	           : s->fault == FAULT_THREE_SERVED  ? 3
	           : s->fault == FAULT_EIGHT_SERVED  ? 8
	           : s->fault == FAULT_FIFTY_OPEN    ? 50
	                                             : CLIENTS_MAX;

	if (s->n_open == 50 && (s->fault == FAULT_FIFTY_DIE || s->fault == FAULT_FIFTY_DIE_LATE))
		fifty_die(s, fd);
	if (s->fault == FAULT_RESET_EARLY_DIES && getpeername(fd, (struct sockaddr *)&addr, &addr_len) < 0)
		exit(1);
	while (s->n_open == 32 && s->fault == FAULT_PLACES_LOST && !s->stopping)
		server_wait(s, -1, s->signals, -1);
	if (s->close_next)
		close(s->close_next);
	s->close_next = 0;
	if (s->fault == FAULT_SILENT_BLOCKS)
		server_wait(s, fd, s->signals, -1);
	return s->n_open < (size_t)most;
}

/* How long ago it came: since then nothing was sent to it. */
static unsigned waited_ms(int fd)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
	return info.tcpi_last_data_sent;
}

void server_await_idle(const struct server *s)
{
	while (!s->stopping && peer_now_ns(CLOCK_MONOTONIC) - s->said_ns < 400000000)
		usleep(5000);
}

void clients_serve(struct server *s)
{
	bool was_queued = false;
	int fd, on = 1, n_queued = 0;

	for (;;) {
		s->waiting_ns = peer_now_ns(CLOCK_REALTIME);
		if (!server_wait(s, s->listener, s->signals, s->fault == FAULT_UNVISITED_DIES ? 3000 : -1))
			return;
		if (s->fault == FAULT_IDLE_ACCEPTS)
			server_await_idle(s);
		fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			if ((errno == EMFILE || errno == ENFILE) && s->fault == FAULT_DESCRIPTORS_DIE)
				exit(1);
			usleep(errno == EMFILE || errno == ENFILE ? 10000 : 0);
			continue;
		}
		if (s->endpoint.family != AF_UNIX)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		n_queued = was_queued ? n_queued + 1 : 0;
		if (!caller_look(s, fd) || (s->fault == FAULT_QUEUE_DROPPED && was_queued) ||
		    (s->fault == FAULT_QUEUED_TWO && n_queued > 2) ||
		    (s->fault == FAULT_QUEUED_OLD && waited_ms(fd) > 1000))
			close(fd);
		else if (s->fault != FAULT_CALLERS_FORGOTTEN || s->n_open < 64)
			client_start(s, fd, was_queued);
		was_queued = s->form == FORM_ITERATIVE && server_has_caller(s);
	}
}

static void farewell(int fd, bool in_words)
{
	struct tm tm;
	time_t now = time(NULL);
	char text[64];

	strftime(text, sizeof(text), in_words ? "good-bye\n" : "[%a %b %e %H:%M:%S %Y]", localtime_r(&now, &tm));
	send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* End the conversations: the replies in hand go out, for a second at most. */
void clients_stop(struct server *s)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	bool waits = s->fault == FAULT_TERM_WAITS || (s->fault == FAULT_TERM_WAITS_LINE && s->in_line);

	until.tv_sec +=
	        waits || s->fault == FAULT_TERM_WAITS_UNREAD || s->fault == FAULT_TERM_FLUSHES ? PEER_LIFE_S : 1;
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i] && (s->fault == FAULT_FAREWELL || s->fault == FAULT_FAREWELL_STAMP))
			farewell(s->clients[i], s->fault == FAULT_FAREWELL);
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i] && s->form == FORM_FORK)
			kill(s->clients[i], SIGTERM);
		else if (s->clients[i] && !waits)
			shutdown(s->clients[i], SHUT_RD);
	while (s->n_open && s->form != FORM_FORK)
		if (pthread_cond_timedwait(&s->client_gone, &s->lock, &until))
			break;
	pthread_mutex_unlock(&s->lock);
	while (s->form == FORM_FORK && wait(NULL) > 0)
		;
}
