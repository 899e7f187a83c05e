/*
 * Random inputs: any sizes, any cuts, several clients mixed, from a seed. A script that fails is made shorter as long
 * as it still fails, so that what is reported is small.
 */
#include "cases.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 40
#define SHRINKS   12

/* One step: this client sends so many bytes, and then nothing for so long. */
struct step {
	int client;
	size_t n;
	int64_t pause_ns;
};

struct script {
	int n_clients, n;
	uint64_t seed;
	struct step steps[STEPS_MAX];
};

static void write_script(const struct turn *t, struct script *s, uint64_t seed)
{
	struct ts_random *random = ts_random_new(seed);
	const struct dialect *d = &t->subject->dialect;
	const bool slow = turn_slow(t), may_be_large = !d->one_shot && !slow && !t->subject->holds_rests;
	int most = d->capacity > 3 ? 3 : d->capacity;

	s->seed = seed;
	s->n_clients = 1 + (int)ts_random_below(random, (uint64_t)most);
	s->n = d->one_shot ? s->n_clients : 4 + (int)ts_random_below(random, slow ? 4 : STEPS_MAX - 4);
	for (int i = 0; i < s->n; i++) {
		bool large = may_be_large && ts_random_below(random, 8) == 0;
		s->steps[i].client = d->one_shot ? i : (int)ts_random_below(random, (uint64_t)s->n_clients);
		s->steps[i].n = 1 + (size_t)ts_random_below(random, large ? 3000 : d->one_shot ? 60 : 40);
		s->steps[i].pause_ns = ts_random_below(random, 4) ? 0 : (int64_t)ts_random_below(random, 4) * TS_MS;
	}
	ts_random_free(random);
}

static bool send_step(struct turn *t, struct peer *p, const struct step *step)
{
	if (!peer_send_letters(p, step->n))
		return false;
	if (step->pause_ns)
		peer_answered_within(p, step->pause_ns);
	return t->blame == NOBODY;
}

static bool play(struct turn *t, const struct script *s)
{
	struct peer *p[3] = {NULL};

	for (int i = 0; i < s->n; i++) {
		struct peer **client = &p[s->steps[i].client];
		if (!*client && !(*client = peer_open(t)))
			return false;
		if (!send_step(t, *client, &s->steps[i]))
			return false;
	}
	for (int i = 0; i < 3; i++)
		if (p[i] && peer_finish(p[i]))
			peer_free(p[i], 0);
	return t->blame == NOBODY;
}

/* Does a script with half of the steps left out fail, too? In a turn of its own, which is then forgotten. */
static bool still_fails(const struct turn *t, const struct script *s)
{
	struct turn *other = calloc(1, sizeof(*other));
	bool fails;

	if (!other)
		return false;
	other->subject = t->subject;
	other->row = t->row;
	other->patience = 0.3;
	other->begin_ns = ts_clock_mono_ns();
	other->random = ts_random_new(s->seed);
	trace_begin(&other->trace, other->begin_ns);
	fails = !play(other, s) && other->blame != GONE && other->blame != OURSELVES;
	turn_release(other);
	trace_release(&other->trace);
	free(other);
	return fails;
}

static void shrink(const struct turn *t, struct script *s)
{
	int n_left = SHRINKS;

	for (int size = s->n / 2; size >= 1 && n_left > 0; size /= 2)
		for (int from = 0; from + size <= s->n && s->n > 1 && n_left-- > 0;) {
			struct script less = *s;
			memmove(&less.steps[from], &less.steps[from + size],
			        (size_t)(s->n - from - size) * sizeof(struct step));
			less.n -= size;
			if (still_fails(t, &less))
				*s = less;
			else
				from += size;
		}
}

static void report_script(struct turn *t, const struct script *s, const char *why)
{
	int at = snprintf(t->message, sizeof(t->message),
	                  "%.200s; shortest script that fails (--seed=%llu --cases=1):", why,
	                  (unsigned long long)s->seed);

	for (int i = 0; i < s->n && at < (int)sizeof(t->message) - 60; i++)
		at += snprintf(t->message + at, sizeof(t->message) - (size_t)at, " %c%zu", 'A' + s->steps[i].client,
		               s->steps[i].n);
}

void case_stream_random(struct turn *t)
{
	int n = (int)t->subject->options->n_random_cases;

	for (int i = 0; turn_goes_on(t, i, n, 1, n > 12 ? INT64_MAX : 2 * TS_S); i++) {
		struct script s;
		char why[600];
		write_script(t, &s, t->subject->seed + (uint64_t)i);
		ts_random_free(t->random);
		t->random = ts_random_new(s.seed);
		if (play(t, &s))
			continue;
		memcpy(why, t->message, sizeof(why));
		turn_leave(t); /* a server that serves one client at a time comes to no other before */
		if (t->blame == BYTES)
			shrink(t, &s);
		report_script(t, &s, why);
	}
}
