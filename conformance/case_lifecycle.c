/* Starting, stopping, and what conversations leave behind. The runner gives each of these a server just started. */
#include "cases.h"
#include "launch.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_WITHIN_NS  (5 * TS_S)
#define STOP_SLACK_NS   (700 * TS_MS)
#define READY_WITHIN_NS (5 * TS_S)

static struct launch *server(struct turn *t)
{
	return t->subject->launch;
}

static bool streams(const struct turn *t)
{
	return ts_transport_is_stream(t->subject->endpoint.transport);
}

/* With a reset from the client's side the kernel forgets at once that the server ended first, and its port is free
 * again. */
static void forget_clients(struct turn *t)
{
	while (t->n_peers > 0)
		peer_reset(t->peers[t->n_peers - 1]);
}

/* Signal, and wait for the end. *status: of waitpid(2). */
static bool stops(struct turn *t, int signo, int *status)
{
	launch_signal(server(t), signo);
	if (launch_wait(server(t), STOP_WITHIN_NS + STOP_SLACK_NS, status))
		return true;
	snprintf(t->expected, sizeof(t->expected), "the end of the process within 5 s");
	snprintf(t->actual, sizeof(t->actual), "it still runs after %.1f s",
	         (double)(STOP_WITHIN_NS + STOP_SLACK_NS) / 1e9);
	return turn_fail(t, BYTES, "%s did not stop the server", signo == SIGINT ? "SIGINT" : "SIGTERM");
}

void case_lifecycle_ready(struct turn *t)
{
	double ready_s = (double)launch_ready_ns(server(t)) / 1e9;

	if (launch_ready_ns(server(t)) > READY_WITHIN_NS)
		turn_fail(t, BYTES, "the server listened only %.1f s after its start", ready_s);
	turn_report(t, "ready after %.3f s", ready_s);
	turn_plain(t);
}

void case_lifecycle_sigterm(struct turn *t)
{
	int status;

	if (turn_plain(t))
		stops(t, SIGTERM, &status);
}

void case_lifecycle_sigterm_busy(struct turn *t)
{
	struct peer *p = peer_open(t);
	int status;

	if (t->subject->dialect.one_shot || peer_say_letters(p, 8))
		stops(t, SIGTERM, &status);
	forget_clients(t);
}

void case_lifecycle_sigint(struct turn *t)
{
	int status;

	if (turn_plain(t))
		stops(t, SIGINT, &status);
}

void case_lifecycle_exit_status(struct turn *t)
{
	int status = 0;

	if (!turn_plain(t) || !stops(t, SIGTERM, &status))
		return;
	if (WIFSIGNALED(status))
		turn_fail(t, BYTES, "SIGTERM killed the server: it does not handle the signal (%s)",
		          strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		turn_fail(t, BYTES, "after SIGTERM the server ended with status %d", WEXITSTATUS(status));
}

void case_lifecycle_sockets_closed(struct turn *t)
{
	int status, n_left = 0;
	bool listens = true;

	if (!turn_plain(t) || !stops(t, SIGTERM, &status))
		return;
	for (int i = 0; i < 50 && (listens || n_left > 0); i++) {
		turn_pause(20 * TS_MS);
		listens = launch_listening(server(t));
		n_left = launch_count(server(t), false);
	}
	if (listens)
		turn_fail(t, BYTES, "the server has ended, and its endpoint is still listened on");
	else if (n_left > 0)
		turn_fail(t, BYTES, "the server has ended, and %d of its processes still run", n_left);
}

/* With a client still there, it is the server that closes first: without SO_REUSEADDR its port is then taken for a
 * minute. */
void case_lifecycle_restart(struct turn *t)
{
	struct ts_err err = {.text = ""};
	struct peer *p = streams(t) ? peer_open(t) : NULL;
	int status;

	if (streams(t) && !t->subject->dialect.one_shot && !peer_say_letters(p, 8))
		return;
	if (!stops(t, SIGTERM, &status))
		return;
	if (p)
		peer_close(p);
	launch_stop(server(t));
	if (launch_start(server(t), &err) < 0)
		turn_fail(t, BYTES, "it could not be started again at once: %.300s", err.text);
	else
		turn_plain(t);
}

void case_lifecycle_second_instance(struct turn *t)
{
	if (!turn_plain(t))
		return;
	int status = launch_second(server(t), 2 * TS_S);
	if (status == -1)
		turn_fail(t, BYTES, "a second server on the same endpoint runs on");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		turn_fail(t, BYTES, "a second server on the same endpoint ended with status 0");
	turn_plain(t);
}

void case_lifecycle_idle_cpu(struct turn *t)
{
	struct ts_proc before, after;
	struct peer *p = streams(t) && !t->subject->dialect.one_shot ? peer_open(t) : NULL;

	if (p ? !peer_say_letters(p, 8) : !turn_plain(t))
		return;
	turn_pause(200 * TS_MS);
	if (launch_sample(server(t), &before) < 0)
		return;
	turn_pause(TS_S);
	if (launch_sample(server(t), &after) < 0)
		return;
	double cpu_s = after.cpu_user_s + after.cpu_system_s - before.cpu_user_s - before.cpu_system_s;
	if (cpu_s > 0.1)
		turn_fail(t, BYTES, "with nothing to do the server used %.0f %% of a processor", cpu_s * 100);
	turn_report(t, "%.0f %% of a processor", cpu_s * 100);
}

/*
 * Was the last chunk cut? A server that never ran out of input takes a whole buffer each time: its chunks are equal,
 * but for the first, and the last one is not much smaller than they are. Reading in small pieces shows where chunks
 * begin.
 */
#define PIECE  64
#define ENOUGH 400000 /* bytes read before the signal: some chunks of any usual buffer */

struct chunks {
	uint32_t n;
	uint64_t begin, smallest; /* of the chunk that is being read; of those between the first and the last */
};

static void note_chunk(struct chunks *c, const struct ts_reply *reply)
{
	if (reply->n_stamps == c->n)
		return;
	if (c->n > 1 && reply->n_stamps == c->n + 1) {
		uint64_t size = reply->matched - c->begin;
		c->smallest = c->smallest == 0 || size < c->smallest ? size : c->smallest;
	}
	c->n = reply->n_stamps;
	c->begin = reply->matched;
}

/* The server is in the middle of a reply, because we read slowly, when it is told to stop. */
void case_lifecycle_reply_in_hand(struct turn *t)
{
	size_t n = turn_bytes(t, 4 << 20, TS_S);
	struct peer *p = peer_try(t, turn_wait_ns(t), true);
	struct chunks chunks = {0};
	char *bytes = malloc(n);

	if (!p || !bytes) {
		free(bytes);
		return;
	}
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)('a' + i % 23);
	peer_send(p, bytes, n);
	free(bytes);
	peer_stuff(p);
	p->n_in = p->n_written;
	p->read_max = PIECE;
	for (bool told = false; !p->ended && t->blame == NOBODY && peer_listen(p, told ? 6 * TS_S : 300 * TS_MS);) {
		note_chunk(&chunks, &p->reply);
		if (told || p->n_read < ENOUGH)
			continue;
		told = true;
		launch_signal(server(t), SIGTERM);
	}
	if (!p->ended)
		launch_signal(server(t), SIGTERM);
	while (!p->ended && t->blame == NOBODY && peer_listen(p, 6 * TS_S))
		note_chunk(&chunks, &p->reply);
	bool all = p->reply.matched >= p->n_in;
	bool is_cut = p->reply.matched - chunks.begin + (uint64_t)3 * PIECE < chunks.smallest;
	/* A reset throws away what the kernel still held for us. */
	if (t->blame == NOBODY && !all && (p->reset || is_cut))
		turn_fail(t, BYTES, "the reply that was on its way at SIGTERM was cut off after %llu bytes of data",
		          (unsigned long long)p->reply.matched);
	turn_report(t, "%llu of %zu bytes sent were answered before the end", (unsigned long long)p->reply.matched,
	            p->n_in);
	forget_clients(t);
}

/* --- what conversations leave behind ------------------------------------------------------------- */

struct census {
	struct ts_proc proc;
	int n_processes, n_zombies;
};

static bool take_census(struct turn *t, struct census *c)
{
	c->n_processes = launch_count(server(t), false);
	c->n_zombies = launch_count(server(t), true);
	if (launch_sample(server(t), &c->proc) == 0)
		return true;
	return turn_fail(t, GONE, "the server has ended");
}

/* Up to 500 conversations after some to warm up. What is left is counted when it has had time to go. Returns how many.
 */
static int conversations(struct turn *t, struct census *before, struct census *after)
{
	int n = 0;

	for (int i = 0; turn_goes_on(t, i, 60, 3, TS_S); i++)
		turn_plain(t);
	turn_pause(100 * TS_MS);
	if (t->blame != NOBODY || !take_census(t, before))
		return 0;
	int64_t until_ns = ts_clock_mono_ns() + 3 * TS_S;
	for (; n < 500 && t->blame == NOBODY && (n < 10 || ts_clock_mono_ns() < until_ns); n++)
		turn_plain(t);
	for (int i = 0; i < 10 && t->blame == NOBODY; i++) {
		if (!take_census(t, after))
			return 0;
		if (after->proc.n_descriptors <= before->proc.n_descriptors &&
		    after->n_processes <= before->n_processes && after->n_zombies <= before->n_zombies)
			break;
		turn_pause(100 * TS_MS);
	}
	return t->blame == NOBODY ? n : 0;
}

/* One for every fifth conversation, or less, may be a pool or a cache. */
static void judge_growth(struct turn *t, const char *what, int64_t before, int64_t after, int n)
{
	if (n > 0 && after - before > 2 + n / 5)
		turn_fail(t, BYTES, "%d conversations left %lld %s behind", n, (long long)(after - before), what);
	else
		turn_report(t, "%lld before, %lld after %d conversations", (long long)before, (long long)after, n);
}

void case_lifecycle_descriptors(struct turn *t)
{
	struct census before, after;
	int n = conversations(t, &before, &after);

	if (n)
		judge_growth(t, "descriptors", before.proc.n_descriptors, after.proc.n_descriptors, n);
}

void case_lifecycle_processes(struct turn *t)
{
	struct census before, after;
	int n = conversations(t, &before, &after);

	if (n)
		judge_growth(t, "processes", before.n_processes, after.n_processes, n);
}

void case_lifecycle_zombies(struct turn *t)
{
	struct census before, after;
	int n = conversations(t, &before, &after);

	if (n)
		judge_growth(t, "zombies", before.n_zombies, after.n_zombies, n);
}

void case_lifecycle_threads(struct turn *t)
{
	struct census before, after;
	int n = conversations(t, &before, &after);

	if (n)
		judge_growth(t, "threads", before.proc.n_threads, after.proc.n_threads, n);
}

void case_lifecycle_memory(struct turn *t)
{
	struct census before, after;
	int n = conversations(t, &before, &after);
	int64_t growth = n ? after.proc.rss_bytes - before.proc.rss_bytes : 0;

	if (growth > (3 << 20) && growth / n > 4096)
		turn_fail(t, BYTES, "the server grew by %lld KiB in %d conversations", (long long)growth / 1024, n);
	else if (n)
		turn_report(t, "it grew by %lld KiB in %d conversations", (long long)growth / 1024, n);
}

/* --- UNIX paths ------------------------------------------------------------------------------------ */

static const char *path_of(const struct turn *t)
{
	const struct sockaddr_un *un = (const void *)&t->subject->endpoint.addr;

	return un->sun_path[0] ? un->sun_path : NULL;
}

void case_unix_path_removed(struct turn *t)
{
	struct stat st;
	int status;

	if (!path_of(t)) {
		turn_report(t, "an abstract name leaves nothing behind");
		return;
	}
	if (turn_plain(t) && stops(t, SIGTERM, &status) && stat(path_of(t), &st) == 0) {
		turn_fail(t, BYTES, "the server has ended and left %s behind", path_of(t));
		unlink(path_of(t));
	}
}

void case_unix_stale_path(struct turn *t)
{
	struct ts_err err = {.text = ""};
	int status;

	if (!path_of(t)) {
		turn_report(t, "an abstract name leaves nothing behind");
		return;
	}
	if (!turn_plain(t) || !stops(t, SIGKILL, &status))
		return;
	launch_stop(server(t));
	if (launch_start(server(t), &err) < 0)
		turn_fail(t, BYTES,
		          "the path that a killed server left behind keeps the next one from starting: %.300s",
		          err.text);
	else
		turn_plain(t);
}

/* --- resources ------------------------------------------------------------------------------------- */

/* The server may open a few more descriptors than it has; more clients than that come, go, and then one must be served.
 */
void case_robust_descriptors(struct turn *t)
{
	struct ts_proc proc;

	if (!turn_plain(t) || launch_sample(server(t), &proc) < 0)
		return;
	if (launch_limit_descriptors(server(t), proc.n_descriptors + 8) < 0) {
		turn_report(t, "not tried: the limit could not be set");
		return;
	}
	for (int i = 0; i < 24 && t->blame == NOBODY; i++) {
		peer_try(t, 100 * TS_MS, false);
		turn_pause(2 * TS_MS);
	}
	turn_pause(100 * TS_MS);
	while (t->n_peers > 0)
		peer_close(t->peers[t->n_peers - 1]);
	turn_pause(100 * TS_MS);
	turn_plain(t);
}

/* 32 MiB for a client that reads nothing. */
void case_robust_memory(struct turn *t)
{
	struct ts_proc before, after;
	struct peer *p;
	char line[1000], framed[1002];

	if (!turn_plain(t) || launch_sample(server(t), &before) < 0 || !(p = peer_try(t, turn_wait_ns(t), true)))
		return;
	memset(line, 'x', sizeof(line));
	size_t n = turn_frame(t, line, sizeof(line), framed);
	for (int i = 0; i < 32 << 10 && t->blame == NOBODY; i++)
		peer_send(p, framed, n);
	peer_stuff(p);
	turn_pause(100 * TS_MS);
	if (launch_sample(server(t), &after) < 0)
		return;
	int64_t growth = after.rss_bytes - before.rss_bytes;
	if (growth > 12 << 20)
		turn_fail(t, BYTES, "a client that does not read made the server grow by %lld MiB",
		          (long long)growth >> 20);
	turn_report(t, "it grew by %lld KiB", (long long)growth / 1024);
	peer_reset(p);
}

/* --- words ----------------------------------------------------------------------------------------- */

void case_data_words(struct turn *t)
{
	static const char *const words[] = {"quit",  "exit",  "bye",  "help", "stop",    "close",  "shutdown",
	                                    "end",   "ls",    "time", "QUIT", "/quit",   "logout", "sleep",
	                                    "stats", "reset", "kill", "q",    "version", "ping"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && t->blame == NOBODY; i++)
		turn_ask_text(t, words[i]);
	if (streams(t) && !t->subject->dialect.line)
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && t->blame == NOBODY; i++) {
			char line[32];
			snprintf(line, sizeof(line), "%s\n", words[i]);
			turn_ask_text(t, line);
		}
	turn_ask_end(t);
}

/* Each would make a file if a shell, or another interpreter, ran it. */
void case_data_not_executed(struct turn *t)
{
	static const char *const forms[] = {
	        "touch %s",           "; touch %s",     "`touch %s`",
	        "$(touch %s)",        "| touch %s",     "' ; touch %s ; '",
	        "\" ; touch %s ; \"", "open('%s','w')", "__import__('os').system('touch %s')",
	        "&& touch %s"};
	char path[64], text[160];
	struct stat st;

	snprintf(path, sizeof(path), "/tmp/tsconform-canary-%d", (int)getpid());
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && t->blame == NOBODY; i++) {
		const char *hole = strstr(forms[i], "%s");
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(hole - forms[i]), forms[i], path, hole + 2);
		turn_ask_text(t, text);
	}
	turn_ask_end(t);
	if (stat(path, &st) == 0) {
		unlink(path);
		t->blame = NOBODY;
		turn_fail(t, BYTES, "data was executed: it made the file %s", path);
	}
}
