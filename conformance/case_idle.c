/* What a server uses while it has nothing to do. */
#include "exec.h"
#include <math.h>

#define LOOKS 5

/*
 * What the server would use if it had a processor whenever it wants one: on a busy machine one that spins gets little,
 * and then it is looked at for longer. Negative: it has ended.
 */
static double idle_share(struct turn *t)
{
	const int64_t from_ns = ts_clock_mono_ns();
	struct ts_proc before, after;
	double elapsed_s = 0, free_s = 0, used_s = 0;

	if (launch_sample(exec_server(t), &before) < 0)
		return -1;
	for (int i = 0; i < LOOKS && free_s <= elapsed_s / 2 && used_s < 0.05; i++) {
		turn_pause(TS_S);
		if (launch_sample(exec_server(t), &after) < 0)
			return -1;
		elapsed_s = (double)(ts_clock_mono_ns() - from_ns) / TS_S;
		used_s = after.cpu_user_s + after.cpu_system_s - before.cpu_user_s - before.cpu_system_s;
		free_s = elapsed_s - (after.waited_s - before.waited_s);
	}
	free_s = fmax(free_s, TS_MS / 1e9); /* several threads wait side by side */
	return used_s / fmax(free_s, fmin(used_s, elapsed_s));
}

/* One has read nothing for a while, and then all: a server that goes on asking whether it takes more asks for ever. */
static void idle_reader(struct turn *t)
{
	struct peer *late = turn_slow(t) ? NULL : peer_try(t, turn_wait_ns(t), true);

	if (peer_stick(late, turn_bytes_unread(t))) {
		peer_widen(late);
		peer_await(late);
	}
	turn_forgive(t); /* stream.slow-reader is about what it gets */
}

/*
 * One client is there and says nothing, another has read late, others have gone: a server that overlooks an end or an
 * error asks for ever.
 */
static bool idle_clients(struct turn *t)
{
	struct peer *broken;

	if (!turn_plain(t) || !exec_streams(t) || t->subject->dialect.one_shot)
		return t->blame == NOBODY;
	if (!peer_say_letters(peer_open(t), 8))
		return false;
	if (t->subject->dialect.capacity > 1 && peer_say_letters(broken = peer_open(t), 8))
		peer_reset(broken);
	if (t->blame == NOBODY && t->subject->dialect.capacity > 2)
		idle_reader(t);
	return t->blame == NOBODY;
}

void case_lifecycle_idle_cpu(struct turn *t)
{
	if (!idle_clients(t))
		return;
	turn_pause(200 * TS_MS);
	const double share = idle_share(t);
	if (share < 0)
		return; /* its end is judged elsewhere */
	if (share > 0.1)
		turn_fail(t, BYTES, "with nothing to do the server used %.0f %% of a processor", share * 100);
	turn_report(t, "%.0f %% of a processor", share * 100);
}
