#include "stop.h"
#include "server.h"
#include "ts_clock.h"
#include "ts_signal.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WAKE_SIGNAL SIGUSR2
#define REPEAT_NS   (5 * TS_MS)
#define OVERDUE_NS  (500 * TS_MS)

int stop_init(struct stop *stop)
{
	*stop = (struct stop){.signal_fd = -1, .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	if (stop->wake_fd < 0)
		return -errno;
	int fd = ts_signal_fd();
	if (fd < 0) {
		stop_release(stop);
		return fd;
	}
	stop->signal_fd = fd;
	return 0;
}

static void release(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void stop_release(struct stop *stop)
{
	release(&stop->signal_fd);
	release(&stop->wake_fd);
}

bool server_stopping(const struct server *server)
{
	return atomic_load_explicit(&server->stop.asked, memory_order_relaxed) || ts_signal_stop() != 0;
}

/* The time to drain begins when the stop is first seen. */
static void set_deadline(struct server *server)
{
	int64_t none = 0;

	atomic_compare_exchange_strong(&server->stop.deadline_ns, &none,
	                               ts_clock_mono_ns() + server->set.drain_timeout_ns);
}

int64_t stop_left_ns(struct server *server)
{
	int64_t left;

	if (!server_stopping(server))
		return INT64_MAX;
	set_deadline(server);
	left = atomic_load(&server->stop.deadline_ns) - ts_clock_mono_ns();
	return left > 0 ? left : 0;
}

void stop_ask(struct server *server)
{
	struct stop *stop = &server->stop;
	uint64_t one = 1;

	set_deadline(server);
	atomic_store(&stop->asked, true);
	if (write(stop->wake_fd, &one, sizeof one) < 0)
		return; /* the counter is full: it is readable, and that is all that is wanted */
}

void stop_take_signals(struct server *server)
{
	struct signalfd_siginfo info;
	struct ts_err err = {0};

	while (read(server->stop.signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT || info.ssi_signo == SIGHUP)
			stop_ask(server);
		if (info.ssi_signo == SIGUSR1 && server_report(server, true, &err) < 0)
			ts_log(&server->log, TS_LOG_ERROR, "%s", err.text);
	}
}

static void *watch(void *arg)
{
	struct server *server = arg;
	struct pollfd fds[] = {{.fd = server->stop.signal_fd, .events = POLLIN},
	                       {.fd = server->stop.wake_fd, .events = POLLIN}};

	while (!server_stopping(server)) {
		poll(fds, 2, -1);
		stop_take_signals(server);
	}
	while (!atomic_load(&server->stop.watch_is_over)) {
		pthread_kill(server->stop.acceptor, WAKE_SIGNAL);
		roster_wake(&server->roster, WAKE_SIGNAL);
		if (stop_left_ns(server) == 0)
			roster_cut_off(&server->roster);
		ts_clock_sleep_until(ts_clock_mono_ns() + REPEAT_NS);
	}
	return NULL;
}

static void interrupt(int signo)
{
	(void)signo; /* the interrupted system call is all that is wanted */
}

int stop_watch(struct server *server)
{
	struct sigaction action = {.sa_handler = interrupt}; /* no SA_RESTART */
	int rc;

	sigaction(WAKE_SIGNAL, &action, NULL);
	server->stop.acceptor = pthread_self();
	rc = pthread_create(&server->stop.watcher, NULL, watch, server);
	server->stop.has_watcher = rc == 0;
	return -rc;
}

void stop_unwatch(struct server *server)
{
	if (!server->stop.has_watcher)
		return;
	stop_ask(server);
	atomic_store(&server->stop.watch_is_over, true);
	pthread_join(server->stop.watcher, NULL);
	server->stop.has_watcher = false;
}

void stop_sleep(struct server *server, int64_t ns)
{
	struct timespec t = {.tv_sec = ns / TS_S, .tv_nsec = ns % TS_S};
	struct pollfd fd = {.fd = server->stop.wake_fd, .events = POLLIN};

	int64_t left_ns = stop_left_ns(server);

	if (left_ns == INT64_MAX)
		ppoll(&fd, 1, &t, NULL);
	else
		ts_clock_sleep_until(ts_clock_mono_ns() + (ns < left_ns ? ns : left_ns));
}

bool stop_is_overdue(struct server *server)
{
	return stop_left_ns(server) == 0 && ts_clock_mono_ns() - atomic_load(&server->stop.deadline_ns) > OVERDUE_NS;
}

void stop_become_child(struct server *server)
{
	sigset_t set;

	ts_signal_install();
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	close(server->stop.signal_fd);
	server->stop.signal_fd = -1;
}
