/* Running out: of descriptors, and of memory for a client that never reads. */
#include "exec.h"

#define SPARE           8          /* descriptors */
#define CLIENTS         24         /* at once */
#define SERVES_AGAIN_NS (5 * TS_S) /* some look for who has gone only now and then */

/* Nothing is gained by a second look: it has been waited for long. */
static void serves_again(struct turn *t)
{
	struct peer *p = peer_try(t, SERVES_AGAIN_NS, false);

	peer_send_letters(p, 9);
	if (p && (peer_answered_within(p, SERVES_AGAIN_NS) || p->ended)) {
		if (peer_await(p))
			peer_finish(p);
		return;
	}
	if (t->blame != NOBODY || turn_sees_end(t, GONE))
		return;
	t->sort = KEPT_WAITING;
	turn_fail(t, SILENCE,
	          "%d clients had come, of whom it had descriptors for %d at most, and gone; nobody was served for "
	          "%.0f s",
	          CLIENTS, SPARE, (double)SERVES_AGAIN_NS / 1e9);
}

/* The server may open a few more descriptors than it has; more clients than that come, go, and then
 * one must be served. */
void case_robust_descriptors(struct turn *t)
{
	struct ts_proc proc;

	if (!turn_plain(t) || launch_sample(exec_server(t), &proc) < 0)
		return;
	if (launch_limit_descriptors(exec_server(t), proc.n_descriptors + SPARE) < 0) {
		turn_skip(t, "the limit could not be set");
		return;
	}
	for (int i = 0; i < CLIENTS && t->blame == NOBODY; i++) {
		peer_try(t, 100 * TS_MS, false);
		turn_pause(2 * TS_MS);
	}
	turn_pause(100 * TS_MS);
	while (t->n_peers > 0)
		peer_close(t->peers[t->n_peers - 1]);
	turn_pause(100 * TS_MS);
	serves_again(t);
}

#define UNREAD_MIB 32 /* for a client that reads nothing, or as much as the server takes */
#define STEP_MIB   4
#define GROWTH_MIB 12

static int64_t growth_mib(const struct ts_proc *before, const struct ts_proc *after)
{
	return (after->rss_bytes - before->rss_bytes) >> 20;
}

/* A runtime that starts workers of its own grows for a while; false: it has ended. */
static bool sample_when_still(struct turn *t, struct ts_proc *out)
{
	struct ts_proc last;

	if (launch_sample(exec_server(t), out) < 0)
		return false;
	for (int i = 0; i < 15; i++) {
		last = *out;
		turn_pause(50 * TS_MS);
		if (launch_sample(exec_server(t), out) < 0)
			return false;
		if (out->rss_bytes - last.rss_bytes < 1 << 18)
			break;
	}
	return true;
}

void case_robust_memory(struct turn *t)
{
	struct ts_proc before, after;
	struct peer *p;
	bool stuck = false;

	/* Its process or thread, if it has one of its own, is there before, and is no growth. */
	if (!turn_plain(t) || !(p = peer_try(t, turn_wait_ns(t), true)) || !peer_say_letters(p, 8) ||
	    !sample_when_still(t, &before))
		return;
	after = before;
	for (int mib = STEP_MIB; mib <= UNREAD_MIB && !stuck && growth_mib(&before, &after) <= GROWTH_MIB;
	     mib += STEP_MIB) {
		peer_stick(p, (size_t)mib << 20);
		stuck = peer_taken(p) < (size_t)mib << 20;
		if (launch_sample(exec_server(t), &after) < 0)
			return;
	}
	turn_pause(100 * TS_MS);
	if (launch_sample(exec_server(t), &after) < 0)
		return;
	if (growth_mib(&before, &after) >= GROWTH_MIB)
		turn_fail(t, BYTES, "a client that does not read made the server grow by %lld MiB",
		          (long long)growth_mib(&before, &after));
	turn_report(t, "it grew by %lld KiB", (long long)(after.rss_bytes - before.rss_bytes) / 1024);
	peer_reset(p);
}
