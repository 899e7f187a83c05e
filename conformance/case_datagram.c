/* Datagrams. Silence is never waited for: a second datagram, whose reply must come, is the fence behind the first. */
#include "cases.h"
#include "sample.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* So many of those that were sent at once were answered, and no more came. */
static void note_loss(struct turn *t, int n_answered, int n)
{
	if (t->blame != SILENCE || t->sort == ENDED)
		return;
	t->sort = LOST;
	snprintf(t->message, sizeof(t->message),
	         "datagrams are lost: of %d sent at once %d were answered within %.1f s", n, n_answered,
	         (double)turn_wait_ns(t) / 1e9);
}

/* One was answered again: instead of another, so that no more come than were sent? */
static bool is_instead(struct dgram *d, int n_owed)
{
	int64_t wait_ns = 60 * TS_MS + 2 * d->turn->subject->dialect.rtt_ns;

	for (int i = 0; i < n_owed; i++)
		if (dgram_receive(d, wait_ns) != 1)
			return false;
	return dgram_receive(d, wait_ns) == 0;
}

/* Which of n datagrams, that begin with a letter of their own, is answered? All of it came back, or its end is as long
 * as it was. -1: none. */
static int which_of(const struct dgram *d, int n, char words[][1000], size_t size)
{
	for (int i = 0; i < n; i++)
		if (memmem(d->bytes, d->n, words[i], size))
			return i;
	const char *at = memchr(TURN_LETTERS, d->n >= size ? d->bytes[d->n - size] : '?', (size_t)n);
	return at ? (int)(at - TURN_LETTERS) : -1;
}

/* Several at once; replies may come in any order, each exactly once. *n_late: how many did not come
 * in the order sent. */
static void burst(struct turn *t, int n, size_t size, int *n_late)
{
	struct dgram *d = dgram_open(t);
	char words[sizeof(TURN_LETTERS)][1000];
	bool seen[sizeof(TURN_LETTERS)] = {false};
	int64_t sent_ns = ts_clock_wall_ns();

	for (int i = 0; d && i < n; i++) {
		turn_letters(t, words[i], size);
		words[i][0] = TURN_LETTERS[i];
		dgram_send(d, words[i], size);
	}
	for (int i = 0; d && i < n; i++) {
		if (!dgram_await(d)) {
			note_loss(t, i, n);
			break;
		}
		int which = which_of(d, n, words, size);
		if (which < 0 || seen[which]) {
			trace_quote(d->bytes, d->n, t->actual, sizeof(t->actual));
			turn_fail(t, BYTES,
			          which < 0                  ? "a reply answers none of the datagrams sent"
			          : is_instead(d, n - i - 1) ? "a datagram was answered with the data of another"
			                                     : "a datagram was answered twice");
			break;
		}
		seen[which] = true;
		*n_late += which != i;
		d->last_ns = INT64_MIN;
		if (!dgram_judge(d, words[which], size, sent_ns))
			break;
	}
	dgram_free(d);
}

void case_datagram_once(struct turn *t)
{
	struct dgram *d = dgram_open(t);

	for (int i = 0; d && turn_goes_on(t, i, 30, 3, TS_S); i++)
		dgram_say_letters(d, 12);
	if (t->subject->dialect.first_lost && t->blame == NOBODY) {
		t->of_probe = true;
		turn_fail(t, SILENCE, "the first datagram of all was not answered, and the one after it was");
	}
	dgram_free(d);
}

void case_datagram_boundaries(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	int n_late = 0;

	if (sampled(t)) {
		if (d->split) {
			turn_fail(t, BYTES, "%s", d->stranger);
			sample_show(t, "[time]data in one datagram");
		}
		return;
	}
	if (!turn_sparing(t)) {
		burst(t, 3, 20, &n_late);
		burst(t, 3, 60, &n_late);
	}
	burst(t, 2, 1000, &n_late);
}

void case_datagram_source(struct turn *t)
{
	for (int i = 0; turn_goes_on(t, i, 30, 3, TS_S); i++)
		turn_ask_letters(t, 10);
}

void case_datagram_burst(struct turn *t)
{
	int n_late = 0;

	for (int i = 0; turn_goes_on(t, i, 3, 1, 2 * TS_S); i++)
		burst(t, 8, 16, &n_late);
}

void case_datagram_order(struct turn *t)
{
	int n_late = 0;

	burst(t, 8, 16, &n_late);
	turn_report(t, n_late ? "%d of 8 replies came in another order" : "the order was kept", n_late);
}

#define N_CLIENTS 4
#define N_ROUNDS  5
#define N_LIKE    12 /* bytes of a client's word: a letter of its own in each round */

static char letter_of(int client, int round)
{
	return (char)('a' + client * N_ROUNDS + round);
}

/* Instead of this client's word, another's came. */
static bool is_of_another(const struct dgram *d, int client)
{
	char word[N_LIKE];

	for (int i = 0; i < N_CLIENTS * N_ROUNDS; i++) {
		memset(word, letter_of(i / N_ROUNDS, i % N_ROUNDS), sizeof(word));
		if (i / N_ROUNDS != client && memmem(d->bytes, d->n, word, sizeof(word)))
			return true;
	}
	return false;
}

/* A client's reply has not come: to another client, perhaps? */
static void look_elsewhere(struct turn *t, struct dgram *const *d, int client, const char *word)
{
	for (int i = 0; i < N_CLIENTS; i++) {
		if (i == client || dgram_receive(d[i], 0) != 1 || !memmem(d[i]->bytes, d[i]->n, word, N_LIKE))
			continue;
		t->blame = BYTES;
		t->sort = OF_ANOTHER;
		snprintf(t->message, sizeof(t->message),
		         "the reply to a datagram of client %d came to client %d, and none to client %d",
		         d[client]->number, d[i]->number, d[client]->number);
	}
}

/* Each its own word, or, in the last round, all the same. */
static void ask_all(struct turn *t, struct dgram *const *d, int round, bool alike)
{
	int64_t sent_ns = ts_clock_wall_ns();
	char words[N_CLIENTS][N_LIKE];

	for (int i = 0; i < N_CLIENTS; i++) {
		memset(words[i], letter_of(alike ? 0 : i, round), sizeof(words[i]));
		dgram_send(d[i], words[i], sizeof(words[i]));
	}
	for (int i = N_CLIENTS - 1; i >= 0 && t->blame == NOBODY; i--) {
		if (dgram_expect(d[i], words[i], sizeof(words[i]), sent_ns))
			continue;
		if (t->sort == LOST && !alike)
			look_elsewhere(t, d, i, words[i]);
		else if (t->blame == BYTES && t->sort == ANY && is_of_another(d[i], i))
			snprintf(t->message, sizeof(t->message), "data came that another client has sent");
	}
}

void case_datagram_clients(struct turn *t)
{
	struct dgram *d[N_CLIENTS] = {NULL};

	for (int i = 0; i < N_CLIENTS; i++)
		d[i] = dgram_open(t);
	for (int round = 0; turn_goes_on(t, round, N_ROUNDS, 2, 2 * TS_S); round++)
		ask_all(t, d, round, false);
	const bool each_own = t->blame == NOBODY;
	if (each_own)
		ask_all(t, d, 0, true);
	if (each_own && t->blame != NOBODY)
		turn_precede(t, "clients that send the same at once: ");
	for (int i = 0; i < N_CLIENTS; i++)
		dgram_free(d[i]);
}

/* So many that one that is lost in a hundred is missed. */
#define HELD_NS (700 * TS_MS)

/* Is a datagram answered only when the next one has come, as in the probe? */
static bool is_held_back(struct turn *t)
{
	const int64_t wait_ns = HELD_NS + t->subject->dialect.rtt_ns;
	char word[12], next[12];
	struct dgram *d = dgram_open(t);

	turn_letters(t, word, sizeof(word));
	turn_letters(t, next, sizeof(next));
	bool held = d && dgram_send(d, word, sizeof(word)) && dgram_receive(d, wait_ns) == 0 &&
	            dgram_send(d, next, sizeof(next)) && dgram_receive(d, wait_ns) == 1 &&
	            memmem(d->bytes, d->n, word, sizeof(word));
	dgram_free(d);
	if (held && t->blame == NOBODY) {
		t->sort = LOST;
		turn_fail(t, BYTES, "a datagram is answered only when another one has come");
	}
	return held;
}

void case_datagram_many(struct turn *t)
{
	if (t->subject->dialect.held_back && is_held_back(t))
		return;
	int n = 0;

	for (int i = 0; turn_goes_on(t, i, 150, 5, TS_S); i++) {
		struct dgram *d = dgram_open(t);
		for (int j = 0; j < 4 && (j < 2 || !turn_slow(t)); j++)
			n += dgram_say_letters(d, 10 + (size_t)j);
		dgram_free(d);
	}
	if (t->sort == LOST && n > 0)
		snprintf(t->message, sizeof(t->message),
		         "datagrams are lost: after %d that were answered, one was not within %.1f s", n,
		         (double)turn_wait_ns(t) / 1e9);
}

/* Is the datagram just received a bare stamp, and legal as that? */
static bool bare(struct dgram *d, const char *word, size_t n, int64_t sent_ns)
{
	if (d->n >= n && memcmp(d->bytes + d->n - n, word, n) == 0)
		return false;
	d->last_ns = INT64_MIN;
	if (d->n == 0)
		return turn_fail(d->turn, BYTES, "an empty datagram was answered with an empty one, without a stamp");
	return dgram_judge(d, "", 0, sent_ns);
}

/* Empty, and then the fence. A concurrent server may answer the fence first: what comes late is waited for a little. */
static int empty_and_fence(struct dgram *d)
{
	struct turn *t = d->turn;
	int64_t sent_ns = ts_clock_wall_ns(), late_ns = 60 * TS_MS + 2 * t->subject->dialect.rtt_ns;
	char word[10];
	int n_bare = 0;

	turn_letters(t, word, sizeof(word));
	if (!dgram_send(d, "", 0) || !dgram_send(d, word, sizeof(word)) || !dgram_await(d))
		return 0;
	while (t->blame == NOBODY && bare(d, word, sizeof(word), sent_ns)) {
		n_bare++;
		if (n_bare > 1 || !dgram_await(d))
			return n_bare;
	}
	d->last_ns = INT64_MIN;
	if (dgram_judge(d, word, sizeof(word), sent_ns))
		while (n_bare < 2 && dgram_receive(d, n_bare ? 0 : late_ns) == 1 &&
		       bare(d, word, sizeof(word), sent_ns))
			n_bare++;
	return n_bare;
}

#define EMPTIES 3

/* Is it as --empty-datagram says? */
static void see_stated(struct turn *t, int n_bare)
{
	const int stated = t->subject->options->empty_datagram;

	if (stated == SAID_STAMP && n_bare < EMPTIES)
		turn_fail(t, SILENCE,
		          "of %d empty datagrams %d were answered; --empty-datagram=stamp says that each is", EMPTIES,
		          n_bare);
	if (stated == SAID_NO_REPLY && n_bare > 0)
		turn_fail(t, BYTES, "an empty datagram was answered; --empty-datagram=nothing says that none is");
}

/* Another client, that is answered for its own datagrams alone. */
void case_datagram_empty(struct turn *t)
{
	struct dgram *other = dgram_open(t), *d = dgram_open(t);
	int n_bare = 0;

	if (other)
		dgram_say_letters(other, 8);
	for (int i = 0; d && i < EMPTIES && t->blame == NOBODY; i++) {
		int n = empty_and_fence(d);
		if (n > 1)
			turn_fail(t, BYTES, "an empty datagram was answered more than once");
		n_bare += n;
	}
	/* The empty one's sender must not be taken for that of the next. */
	if (other && d && t->blame == NOBODY && dgram_send(d, "", 0))
		dgram_say_letters(other, 8);
	dgram_free(other);
	see_stated(t, n_bare);
	if (n_bare > 0 && n_bare < EMPTIES) /* where replies overtake each other, one may have come too late */
		turn_warn(t, "of %d empty datagrams %d were answered with a bare stamp, and the others not", EMPTIES,
		          n_bare);
	else
		turn_report(t, n_bare ? "answered with a bare stamp" : "not answered");
	dgram_free(d);
}

/* More than three seconds: after common time-outs the last reply may be sent again, or the next message be lost. */
#define UNASKED_NS (3100 * TS_MS)

void case_datagram_no_unasked(struct turn *t)
{
	struct dgram *d = dgram_open(t);

	for (int i = 0; turn_goes_on(t, i, 5, 1, TS_S / 2); i++) /* not all of them need to have one more reply */
		dgram_say_letters(d, 10);
	if (t->blame == NOBODY && dgram_receive(d, UNASKED_NS) == 1) {
		trace_quote(d->bytes, d->n, t->actual, sizeof(t->actual));
		turn_fail(t, BYTES, "a second datagram came for one that was sent");
	}
	dgram_say_letters(d, 10);
	dgram_free(d);
}

static char *big(struct turn *t, size_t n)
{
	char *bytes = malloc(n);

	if (!bytes)
		turn_fail(t, OURSELVES, "out of memory for a datagram");
	for (size_t i = 0; bytes && i < n; i++)
		bytes[i] = (char)('a' + (i + i / 100) % 26);
	return bytes;
}

void case_datagram_large(struct turn *t)
{
	static const size_t sizes[] = {1025, 2048, 8192, 16384, 60000};
	struct dgram *d = dgram_open(t);
	char *bytes = big(t, 60000);

	for (int i = 0; d && bytes && turn_goes_on(t, i, 5, 1, 2 * TS_S); i++)
		dgram_say(d, bytes, sizes[i]);
	free(bytes);
	dgram_free(d);
}

/* The largest datagram there is: with a stamp before it, it fits no more. The plain conversation afterwards decides. */
void case_datagram_unanswerable(struct turn *t)
{
	struct dgram *d = dgram_open(t);
	char *bytes = big(t, 65507);

	if (d && bytes)
		dgram_send(d, bytes, t->subject->endpoint.addr.ss_family == AF_INET6 ? 65487 : 65507);
	free(bytes);
	dgram_free(d);
}

/* From port 13 (daytime), when we may bind to it: two servers that answer such ports would answer
 * each other for ever. */
void case_datagram_reflection(struct turn *t)
{
	struct dgram *d = dgram_open(t);
	struct sockaddr_in from = {
	        .sin_family = AF_INET, .sin_port = htons(13), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (!d)
		return;
	if (t->subject->endpoint.addr.ss_family != AF_INET || bind(d->fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		turn_skip(t, "no right to send from port 13, or not IPv4");
	else if (dgram_send(d, "abcdef", 6))
		turn_report(t, dgram_receive(d, 200 * TS_MS) == 1 ? "a datagram from port 13 is answered"
		                                                  : "a datagram from port 13 is not answered");
	dgram_free(d);
}
