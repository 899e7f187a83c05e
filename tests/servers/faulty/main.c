/* Start, accept, stop; and the list of the faults. */
#include "faulty.h"
#include <fcntl.h>
#include <sys/signalfd.h>

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
	     "  --one-shot                one message for each connection\n"
	     "  --pause=MS                so many ms before each reply (0)");
}

static void faults_list(void)
{
	for (int i = FAULT_NONE + 1; i < FAULT_N; i++)
		printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", rows[i].name, rows[i].kills, rows[i].level, rows[i].transport,
		       *rows[i].needs ? rows[i].needs : "-", *rows[i].flags ? rows[i].flags : "-", rows[i].sentence);
}

/* --- arguments ------------------------------------------------------------------------------------------------- */

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
		if (strcmp(rows[i].name, name) != 0)
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
	else if ((value = peer_value(arg, "--pause")))
		s->pause_ms = atoi(value);
	else if (!strcmp(arg, "--space"))
		s->space = true;
	else if (!strcmp(arg, "--one-shot"))
		s->one_shot = true;
	else
		return false;
	return true;
}

/* --- start and stop -------------------------------------------------------------------------------------------- */

/* A lock beside the path, which nobody removes. */
static void lock_once(const char *path)
{
	char lock[128];
	int fd;

	snprintf(lock, sizeof(lock), "%s.lock", path);
	fd = open(lock, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		peer_die(3, "%s: is there already", lock);
	close(fd);
}

static void listen_start(struct server *s)
{
	const char *path = peer_path(&s->endpoint);
	int on = 1, off = 0, error;

	if (s->fault == FAULT_READY_LATE)
		sleep(6);
	if (path && s->fault == FAULT_PATH_STALE_STOPS && access(path, F_OK) == 0)
		peer_die(3, "%s: is there already", path);
	if (path && s->fault == FAULT_START_ONCE)
		lock_once(path);
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
	if (path && s->fault == FAULT_START_ONCE_LATE)
		lock_once(path);
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
	else if (s->fault != FAULT_INT_KILLS)
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

static void *thread_stay(void *arg)
{
	(void)arg;
	sleep(30);
	_exit(0);
}

/* The process is a zombie then, and has a thread that holds all that it had. */
static void thread_leave(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_stay, NULL);
	pthread_exit(NULL);
}

static int server_stop(struct server *s)
{
	if (s->fault == FAULT_TERM_ONE_THREAD)
		thread_leave();
	if (s->fault == FAULT_REPLY_DROPPED)
		_exit(0);
	if (s->fault == FAULT_CHILD_LEFT)
		child_leave(s);
	if (s->fault == FAULT_TERM_SLOW)
		sleep(8);
	if (s->endpoint.type == SOCK_STREAM && s->fault != FAULT_TERM_WAITS)
		close(s->listener);
	if (!server_is_outlived(s))
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
