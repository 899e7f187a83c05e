/* One reply does not tell whether a clock is as fine as its text: ask some more, and see whether its zeros stay. */
#include "dgram.h"
#include "dialect_inside.h"
#include "dialect_zeros.h"
#include "peer.h"
#include "suite.h"
#include "ts_clock.h"
#include <string.h>

#define END_NS   (300 * TS_MS)
#define TENTH_NS (100 * TS_MS) /* the coarsest clock that shows a fraction */

static size_t copy(char *out, size_t size, const char *bytes, size_t n)
{
	n = n < size ? n : size;
	memcpy(out, bytes, n);
	return n;
}

/* The beginning of a reply, its stamp at least, to a client of its own. */
static size_t stream_reply(struct turn *t, char *out, size_t size)
{
	struct peer *p = peer_open(t);
	char word[N_WORD + 2];

	if (!p)
		return 0;
	p->dumb = true;
	peer_send(p, word, turn_framed_letters(t, N_WORD, word));
	while (!memchr(p->first, ']', p->n_first) && p->n_first < sizeof(p->first) && peer_listen(p, turn_wait_ns(t)))
		;
	size_t n = copy(out, size, p->first, p->n_first);
	peer_half_close(p);
	while (!p->ended && p->n_read < 100000 && peer_listen(p, END_NS))
		;
	peer_free(p, 0);
	return n;
}

static size_t datagram_reply(struct turn *t, char *out, size_t size)
{
	struct dgram *g = dgram_open(t);
	char word[N_WORD];
	size_t n = 0;

	turn_letters(t, word, N_WORD);
	if (dgram_send(g, word, N_WORD) && dgram_receive(g, turn_wait_ns(t)) == 1)
		n = copy(out, size, g->bytes, g->n);
	dgram_free(g);
	return n;
}

/* The text between the brackets: its length; 0: there is none. */
static size_t text_of(const char *out, size_t n)
{
	const char *close = n > 2 && out[0] == '[' ? memchr(out, ']', n) : NULL;

	return close ? (size_t)(close - out - 1) : 0;
}

/* How long the digits mean that come before the zeros. */
static int64_t resolution_ns(const struct ts_stamp_format *coarse, const struct dialect *d)
{
	struct ts_stamp stamp = d->stamp;

	ts_stamp_read(&stamp, coarse, d->stamp_text, strlen(d->stamp_text), NULL);
	return stamp.resolution_ns;
}

/* What goes wrong here is found again, by a case. */
static size_t text_again(struct turn *t, char *out, size_t size)
{
	bool datagram = !ts_transport_is_stream(t->subject->endpoint.transport);
	size_t n = text_of(out, (datagram ? datagram_reply : stream_reply)(t, out, size));

	turn_forgive(t);
	t->subject->gone = false;
	return n;
}

/* An ISO text without a fraction may be that of a whole second: one that is not takes its place. */
static void look_for_fraction(struct turn *t)
{
	struct dialect *d = &t->subject->dialect;
	char out[sizeof(d->sample)];
	struct ts_stamp stamp;

	if (d->rule.stamp.kind != TS_STAMP_RFC3339 || d->stamp.digits > 0 || dialect_is_slow(d) || t->subject->few)
		return;
	ts_clock_sleep_until(ts_clock_mono_ns() + TENTH_NS + TENTH_NS / 4);
	size_t n = text_again(t, out, sizeof(out));
	if (n == 0 || n >= sizeof(d->stamp_text) || ts_stamp_read(&stamp, &d->rule.stamp, out + 1, n, NULL) < 0 ||
	    stamp.digits == 0)
		return;
	d->stamp = stamp;
	memcpy(d->stamp_text, out + 1, n);
	d->stamp_text[n] = '\0';
}

void dialect_settle_zeros(struct turn *t)
{
	/* Parts of what the last digit means, in per cent: after none of them is it likely to be the same one again. */
	static const int waits[] = {125, 360, 230};
	struct dialect *d = &t->subject->dialect;
	struct ts_stamp_format coarse, whole;
	struct ts_stamp stamp;
	char out[sizeof(d->sample)];

	if (options_pattern(t->subject->options))
		return;
	look_for_fraction(t);
	if (!dialect_zeros(&d->rule.stamp, d->stamp_text, strlen(d->stamp_text), ts_clock_wall_ns(), &coarse))
		return;
	const bool is_dropped = d->rule.stamp.kind == TS_STAMP_RFC3339 && dialect_zeros_dropped(&coarse, &whole);
	bool stays = true;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]) && stays; i++) {
		bool seconds = resolution_ns(&coarse, d) == TS_S; /* or else it steps by 100 ms */
		if (seconds && i == 2)
			break;
		int64_t unit_ns = seconds ? TENTH_NS : d->stamp.resolution_ns;
		ts_clock_sleep_until(ts_clock_mono_ns() + unit_ns * waits[i] / 100);
		size_t n = text_again(t, out, sizeof(out));
		stays = n > 0 && (ts_stamp_read(&stamp, &coarse, out + 1, n, NULL) == 0 ||
		                  (is_dropped && ts_stamp_read(&stamp, &whole, out + 1, n, NULL) == 0) ||
		                  dialect_zeros(&d->rule.stamp, out + 1, n, ts_clock_wall_ns(), &coarse));
	}
	if (stays)
		dialect_take_format(d, &coarse);
	if (stays && is_dropped) {
		d->rule.also[0] = whole;
		d->rule.also[1].strftime_text[0] = '\0';
	}
}
