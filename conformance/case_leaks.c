/* What conversations leave behind. */
#include "exec.h"

#define FEW 4

static bool take_census(struct turn *t, struct launch_census *c)
{
	return launch_take_census(exec_server(t), c) == 0 || turn_fail(t, GONE, "the server has ended");
}

/* Of descriptors, processes, zombies or threads there are more than `few` that were not there before. */
static bool is_grown(const struct launch_census *before, const struct launch_census *after, int few)
{
	return after->proc.n_descriptors - before->proc.n_descriptors > few ||
	       after->n_processes - before->n_processes > few || after->n_zombies - before->n_zombies > few ||
	       after->proc.n_threads - before->proc.n_threads > FEW; /* some in a pool are none */
}

static int64_t n_held(const struct launch_census *c)
{
	return c->proc.n_descriptors + c->n_processes + c->n_zombies + c->proc.n_threads;
}

#define FEW_GO_NS  TS_S           /* what a server keeps for itself is a few, and does not go */
#define MANY_GO_NS (3300 * TS_MS) /* an end may take 2 s, and some look for who has gone only now and then */
#define LOOK_NS    (150 * TS_MS)  /* to count many processes is dear */
#define LAST_NS    (10 * TS_S)

/* What conversations have left goes by and by: count it until it has gone, or no more of it goes. */
static bool await_going(struct turn *t, const struct launch_census *before, struct launch_census *after)
{
	const int64_t begin_ns = ts_clock_mono_ns();
	int64_t waited_ns = 0, least = INT64_MAX, fell_ns = 0;

	while (take_census(t, after)) {
		bool many = is_grown(before, after, FEW);
		waited_ns = ts_clock_mono_ns() - begin_ns;
		fell_ns = n_held(after) < least ? waited_ns : fell_ns;
		least = n_held(after) < least ? n_held(after) : least;
		if (!is_grown(before, after, 0) || waited_ns > LAST_NS ||
		    waited_ns > (many ? MANY_GO_NS : FEW_GO_NS) + fell_ns)
			return true;
		turn_pause(LOOK_NS);
	}
	return false;
}

#define ROUNDS     20
#define TALKERS    4     /* one in so many has more to say than one message, one says nothing, */
#define LENGTHS    20    /* and one says something of so many lengths */
#define LONG_EACH  16    /* one in so many is long: */
#define LONG_WORDS 60    /* messages */
#define LONG_WORD  4000  /* of so many letters, */
#define LONG_RTT   TS_MS /* where a round trip takes less: else there were too few conversations in the time */

static void converse(struct turn *t, int n_words, size_t n_letters)
{
	struct peer *p = peer_open(t);

	for (int i = 0; i < n_words && peer_say_letters(p, n_letters); i++)
		;
	peer_leave(p);
}

/* Clients that end by an empty line leave a server's code by a way of their own, as those do that say nothing. */
static void end_by_line(struct turn *t)
{
	struct peer *p = peer_open(t);

	if (!peer_say_letters(p, 9))
		return;
	p->dumb = true;
	peer_send(p, "\r\n", 2);
	peer_leave(p);
}

#define ENOUGH 420 /* conversations: what is left by one in eighty is more than a few */

static bool takes_its_time(const struct turn *t)
{
	return t->subject->slow_end || turn_leisurely(t);
}

/* On a busy machine the time may have been that of others, unless the server takes its own. */
static bool is_worth_one_more(const struct turn *t, int n, int64_t until_ns)
{
	bool fewer = n < ENOUGH && !takes_its_time(t) && turn_busy_ns() > 0;

	return ts_clock_mono_ns() < until_ns + (fewer ? 10 * TS_S : 0);
}

/* Up to 500 conversations after some to warm up. What is left is counted when it has had time to
 * go. Returns how many. */
static int hold_conversations(struct turn *t, struct launch_census *before, struct launch_census *after)
{
	const int least = turn_sparing(t) || turn_slow(t) ? 5 : 10;
	const bool talks = exec_streams(t) && !t->subject->dialect.one_shot && !turn_slow(t);
	const bool says_much = talks && t->subject->dialect.rtt_ns < LONG_RTT;
	int n = 0;

	for (int i = 0; turn_goes_on(t, i, 60, 3, TS_S / 2); i++)
		turn_plain(t);
	turn_pause(100 * TS_MS);
	if (t->blame != NOBODY || !take_census(t, before))
		return 0;
	int64_t until_ns = ts_clock_mono_ns() + (takes_its_time(t) ? 3 * TS_S / 2 : 2 * TS_S);
	for (; n < 500 && t->blame == NOBODY && (n < least || is_worth_one_more(t, n, until_ns)); n++) {
		if (says_much && n % LONG_EACH == 0)
			converse(t, LONG_WORDS, LONG_WORD);
		else if (talks && n % TALKERS == 0)
			converse(t, TALKERS, 9);
		else if (exec_streams(t) && n % TALKERS == 1)
			peers_visit(t);
		else if (talks && t->subject->dialect.line && n % TALKERS == 2)
			end_by_line(t);
		else if (talks && n % TALKERS == 3)
			converse(t, 1, 1 + (size_t)(n / TALKERS % LENGTHS));
		else
			turn_plain(t);
	}
	bool many = exec_streams(t) && !t->subject->dialect.one_shot && t->subject->dialect.limit == 0 &&
	            t->subject->dialect.capacity >= PEERS_TOGETHER;
	/* Signals of children that end at once are merged: a server that waits for one child at each keeps some. */
	for (int i = 0; many && turn_goes_on(t, i, ROUNDS, 1, 5 * TS_S); i++, n += PEERS_TOGETHER)
		peers_go_together(t, PEERS_TOGETHER);
	return t->blame == NOBODY && await_going(t, before, after) ? n : 0;
}

/* The first case that wants them holds them for all; at the second look each case does for itself. */
static int conversations(struct turn *t, struct launch_census *before, struct launch_census *after)
{
	struct seen *seen = &t->subject->seen;
	int n;

	if (t->patience <= 1 && seen->n_conversations > 0) {
		*before = seen->before_them;
		*after = seen->after_them;
		return seen->n_conversations;
	}
	n = hold_conversations(t, before, after);
	if (n > 0 && seen->n_conversations == 0) {
		seen->n_conversations = n;
		seen->before_them = *before;
		seen->after_them = *after;
	}
	return n;
}

/* What a server may leave behind, by its name. */
struct trait {
	const char *name;
	int64_t (*count)(const struct launch_census *);
};

static int64_t n_descriptors(const struct launch_census *c)
{
	return c->proc.n_descriptors;
}

static int64_t n_processes(const struct launch_census *c)
{
	return c->n_processes;
}

static int64_t n_zombies(const struct launch_census *c)
{
	return c->n_zombies;
}

static int64_t n_threads(const struct launch_census *c)
{
	return c->proc.n_threads;
}

/* A pool or a cache that fills is full once; a leak goes on. What was counted before may be of a server that was
 * started before this one: it is no measure. */
static bool goes_on_growing(struct turn *t, const struct trait *trait)
{
	struct launch_census before, after, last;

	for (int i = 0; i < 3; i++) {
		if (hold_conversations(t, &before, &after) == 0)
			return false;
		if (i > 0 && trait->count(&after) - trait->count(&last) <= FEW)
			return false;
		last = after;
	}
	return true;
}

static void judge_growth(struct turn *t, const struct trait *trait, const struct launch_census *before,
                         const struct launch_census *after, int n)
{
	if (n == 0)
		return;
	const int64_t n_before = trait->count(before), n_after = trait->count(after), growth = n_after - n_before;
	const bool plain = growth > 2 + n / 5, goes_on = !plain && growth > FEW && goes_on_growing(t, trait);
	if (goes_on)
		t->sort = KEPT_WAITING; /* seen three times */
	if (plain || goes_on)
		turn_fail(t, BYTES, "%d conversations left %lld %s behind", n, (long long)growth, trait->name);
	else
		turn_report(t, "%lld before, %lld after %d conversations", (long long)n_before, (long long)n_after, n);
}

static void break_some(struct turn *t)
{
	const bool sends = !t->subject->dialect.one_shot && !turn_slow(t);
	const int n = turn_slow(t) ? 6 : turn_leisurely(t) ? 12 : 40;
	const int n_together = t->subject->dialect.capacity < PEERS_TOGETHER ? 4 : PEERS_TOGETHER;

	for (int i = 0; i < n && t->blame == NOBODY; i++) {
		struct peer *p = peer_open(t);
		peer_say_letters(p, 8);
		peer_reset(p);
	}
	for (int i = 0; sends && i < n; i += n_together)
		peers_reset_together(t, n_together);
	turn_pause(LOOK_NS);
}

/* One that dies of them, or serves nobody any more, is judged elsewhere: false. */
static bool judged_elsewhere(struct turn *t)
{
	const bool found = t->blame != NOBODY || !turn_plain(t);

	turn_forgive(t);
	return found;
}

/* Conversations that break off leave a server's code by other ways. */
static bool break_conversations(struct turn *t, const struct launch_census *before, struct launch_census *after)
{
	break_some(t);
	return !judged_elsewhere(t) && await_going(t, before, after);
}

#define COLLECT_ROUNDS 12
#define COLLECT_NS     (5 * TS_S)

/* Does a runtime close them when it collects its garbage? Then there are fewer at some time, though more come. */
static bool is_collected(struct turn *t, const struct trait *trait)
{
	const int64_t until_ns = ts_clock_mono_ns() + COLLECT_NS;
	struct launch_census now;
	int64_t most = 0;

	for (int i = 0; i < COLLECT_ROUNDS && ts_clock_mono_ns() < until_ns && take_census(t, &now); i++) {
		if (trait->count(&now) + FEW < most)
			return true;
		most = trait->count(&now) > most ? trait->count(&now) : most;
		break_some(t);
		if (judged_elsewhere(t))
			return false;
	}
	return false;
}

/* As `conversations`. */
static bool broken_conversations(struct turn *t, struct launch_census *before, struct launch_census *after)
{
	struct seen *seen = &t->subject->seen;

	if (t->patience <= 1 && seen->broken) {
		*before = seen->before_broken;
		*after = seen->after_broken;
		return true;
	}
	if (!break_conversations(t, before, after))
		return false;
	if (!seen->broken) {
		seen->broken = true;
		seen->before_broken = *before;
		seen->after_broken = *after;
	}
	return true;
}

/* Who has lost processes has lost their descriptors, too: that is said once. */
static void judge_broken(struct turn *t, const struct trait *trait, struct launch_census before)
{
	struct launch_census after;

	if (!broken_conversations(t, &before, &after))
		return;
	const int64_t growth = trait->count(&after) - trait->count(&before);
	if (growth <= 2 * FEW || (trait->count != n_processes && n_processes(&after) - n_processes(&before) > FEW))
		return;
	if (trait->count == n_descriptors && is_collected(t, trait))
		turn_warn(t,
		          "conversations that the client reset left %lld descriptors behind: they are closed when the "
		          "server's memory is collected",
		          (long long)growth);
	else
		turn_fail(t, BYTES, "conversations that the client reset left %lld %s behind", (long long)growth,
		          trait->name);
}

static void judge_left(struct turn *t, const struct trait *trait)
{
	struct launch_census before, after;
	int n = conversations(t, &before, &after);

	if (n && exec_streams(t) && trait->count(&after) <= trait->count(&before) + 2)
		judge_broken(t, trait, after);
	if (!t->warned)
		judge_growth(t, trait, &before, &after, n);
}

void case_lifecycle_descriptors(struct turn *t)
{
	judge_left(t, &(struct trait){"descriptors", n_descriptors});
}

void case_lifecycle_processes(struct turn *t)
{
	judge_left(t, &(struct trait){"processes", n_processes});
}

void case_lifecycle_zombies(struct turn *t)
{
	struct launch_census before, after;
	int n = conversations(t, &before, &after);

	if (n && after.n_zombies - before.n_zombies >
	                 2 * PEERS_TOGETHER) /* more than a server that waits for them later keeps */
		turn_fail(t, BYTES, "%lld zombies were left behind, most by clients that ended at once",
		          (long long)(after.n_zombies - before.n_zombies));
	else
		judge_growth(t, &(struct trait){"zombies", n_zombies}, &before, &after, n);
}

void case_lifecycle_threads(struct turn *t)
{
	struct launch_census before, after;
	int n = conversations(t, &before, &after);

	judge_growth(t, &(struct trait){"threads", n_threads}, &before, &after, n);
}

static bool is_much(int64_t growth, int n)
{
	return growth > (3 << 20) && growth / n > 4096;
}

/*
 * A runtime that collects its garbage grows at first and then no more: Java's, on a machine with much memory, for some
 * thousand conversations. A leak grows every time; at the second look that has been seen often.
 */
static bool grows_on(struct turn *t)
{
	const int n_rounds = t->patience > 1 ? 3 : 12;
	const int64_t until_ns = ts_clock_mono_ns() + (turn_busy_ns() > 0 ? 24 : 6) * TS_S;
	struct launch_census before, after;

	for (int i = 0; i < n_rounds && ts_clock_mono_ns() < until_ns; i++) {
		int n = hold_conversations(t, &before, &after);
		if (n == 0 || !is_much(after.proc.rss_bytes - before.proc.rss_bytes, n))
			return false;
	}
	return true;
}

void case_lifecycle_memory(struct turn *t)
{
	struct launch_census before, after;
	int n = conversations(t, &before, &after);
	int64_t growth = n ? after.proc.rss_bytes - before.proc.rss_bytes : 0;

	if (is_much(growth, n) && grows_on(t))
		turn_fail(t, BYTES, "the server grew by %lld KiB in %d conversations", (long long)growth / 1024, n);
	else if (n)
		turn_report(t, "it grew by %lld KiB in %d conversations", (long long)growth / 1024, n);
}
