#include "ts_signal.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/signalfd.h>

/* Lock-free atomics: safe in a handler, and seen by every thread. */
static atomic_int stop_signal;
static atomic_int n_stops;
static atomic_bool report_wanted;

void ts_signal_note(int signo)
{
	int none = 0;

	if (signo == SIGUSR1)
		atomic_store(&report_wanted, true);
	if (signo == SIGTERM || signo == SIGINT || signo == SIGHUP) {
		atomic_compare_exchange_strong(&stop_signal, &none, signo);
		atomic_fetch_add(&n_stops, 1);
	}
}

static void set(int signo, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigemptyset(&action.sa_mask);
	sigaction(signo, &action, NULL);
}

/* nohup(1) wants it so. */
static bool is_ignored(int signo)
{
	struct sigaction action;

	return sigaction(signo, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void ts_signal_install(void)
{
	set(SIGTERM, ts_signal_note);
	set(SIGINT, ts_signal_note);
	if (!is_ignored(SIGHUP))
		set(SIGHUP, ts_signal_note);
	set(SIGUSR1, ts_signal_note);
	set(SIGPIPE, SIG_IGN);
	set(SIGXFSZ, SIG_IGN);
}

void ts_signal_uninstall(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGPIPE, SIGXFSZ};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		set(signals[i], SIG_DFL);
}

int ts_signal_stop(void)
{
	return atomic_load(&stop_signal);
}

int ts_signal_stop_count(void)
{
	return atomic_load(&n_stops);
}

bool ts_signal_take_report(void)
{
	return atomic_exchange(&report_wanted, false);
}

int ts_signal_fd(void)
{
	sigset_t set;
	int fd, r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (!is_ignored(SIGHUP)) /* one that is ignored and blocked would be told of all the same */
		sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGPIPE);
	r = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (r != 0)
		return -r;
	sigdelset(&set, SIGPIPE); /* blocked, and never to be read: a broken pipe is EPIPE, nothing else */
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
