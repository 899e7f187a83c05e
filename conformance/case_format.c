/* What a reply looks like. The first cases judge the probe's first reply, too: it may be all there is to judge. */
#include "cases.h"
#include "sample.h"
#include "ts_clock.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

void case_format_reply(struct turn *t)
{
	struct dialect *d = &t->subject->dialect;

	if (!d->known) {
		turn_fail(t, BYTES, "this is not a timestamp server as the protocol has it: %s", d->stranger);
		sample_show(t, "[time]data");
		return;
	}
	t->of_probe = d->greeting;
	if (d->greeting)
		turn_fail(t, BYTES, "%s stands before the reply (see stream.no-greeting): %s",
		          d->greets_late ? "a greeting, or what else nobody had asked for,"
		                         : "the server speaks first: its greeting",
		          d->greeted);
	turn_ask_letters(t, 9);
}

void case_format_bracket_open(struct turn *t)
{
	if (sampled(t) && t->subject->dialect.sample[0] != '[') {
		turn_fail(t, BYTES, "the reply does not begin with [");
		sample_show(t, "[time]data");
	}
	for (int i = 0; turn_goes_on(t, i, 20, 2, TS_S) && t->subject->dialect.known; i++)
		turn_ask_letters(t, 5);
}

void case_format_bracket_close(struct turn *t)
{
	const char *text;
	size_t n;

	if (sampled(t) && !sample_lacks_bracket(t) &&
	    (!sample_time(t, &text, &n) || memchr(text, '\n', n) || memchr(text, '\r', n))) {
		turn_fail(t, BYTES, "no ] ends the time text, or a line end stands inside it");
		sample_show(t, "[time]data");
	}
	for (int i = 0; turn_goes_on(t, i, 20, 2, TS_S) && t->subject->dialect.known; i++)
		turn_ask_letters(t, 6);
}

void case_format_time_text(struct turn *t)
{
	const char *text;
	struct ts_stamp stamp;
	size_t n;

	if (sampled(t) && !sample_lacks_bracket(t) && sample_time(t, &text, &n) && !t->subject->dialect.tells_time &&
	    ts_stamp_read(&stamp, NULL, text, n, NULL) == -EINVAL) { /* -ERANGE: see time.calendar */
		turn_fail(t, BYTES,
		          "no known time stands between the brackets: %s (--time=strftime:FMT states another form)",
		          dialect_no_time(text, n, ts_clock_wall_ns()));
		sample_show(t, "[time]data");
	}
	for (int i = 0; turn_goes_on(t, i, 20, 2, TS_S) && t->subject->dialect.known; i++)
		turn_ask_letters(t, 7);
}

/* What of a time text's form shows: which characters are digits, small or capital letters, or stand for themselves. The
 * fraction's digits may be more or fewer, because some languages leave out zeros at its end, and a padded day is a
 * blank or a digit. */
static void shape(const char *text, char *out, size_t size)
{
	size_t n = 0, n_whole = strspn(text, "0123456789");

	if (n_whole >= 10) /* since 1970: in seconds, or a smaller unit? */
		out[n++] = (char)('a' + n_whole - 10);
	for (const char *c = text; *c && n + 1 < size; c++) {
		bool fraction = (*c == '.' || *c == ',') && c[1] >= '0' && c[1] <= '9';
		char kind = *c >= '0' && *c <= '9'   ? '0'
		            : *c >= 'a' && *c <= 'z' ? 'a'
		            : *c >= 'A' && *c <= 'Z' ? 'A'
		                                     : *c;
		if (fraction) {
			while (c[1] >= '0' && c[1] <= '9')
				c++;
			continue;
		}
		if (n > 0 && kind == out[n - 1] && kind != ':')
			continue;
		out[n++] = kind;
	}
	out[n] = '\0';
}

#define WHOLE_NS (100 * TS_MS) /* so long into a second its text may be that of a whole one */

/* No fraction, in a text that has one elsewhere: right for a whole second, and wrong a tenth of a second later. */
static bool lacks_fraction(const struct turn *t, const struct ts_stamp *stamp, int64_t sent_ns)
{
	const struct dialect *d = &t->subject->dialect;

	return stamp->digits == 0 && d->stamp.digits > 0 &&
	       sent_ns - ts_stamp_instant_ns(stamp, d->rule.zone_s, sent_ns) > WHOLE_NS;
}

#define DIGITS 10 /* of a fraction, and none */

/* Three digits fewer than there may be are three zeros left out, once in a thousand replies. More often? The digits
 * that were too few; -1: no. */
static int cut_short(const int n_with[DIGITS], int n)
{
	int most = DIGITS - 1, n_cut = 0, fewest = 0;

	while (most > 0 && n_with[most] == 0)
		most--;
	for (int i = most - 3; i >= 0; i--) {
		n_cut += n_with[i];
		fewest = n_with[i] > 0 ? i : fewest;
	}
	return n_cut >= 3 && n_cut * 20 > n ? fewest : -1;
}

/* A server may write its answers to long messages in another place. */
static size_t size_of(struct turn *t, int i)
{
	return turn_slow(t) ? 1 + (size_t)i % 40 : i % 12 == 11 ? 1000 : i % 6 == 5 ? 200 : 1 + (size_t)i % 40;
}

/* Of several clients, for a server may have several processes; and of some that say more than two things. */
void case_format_time_text_steady(struct turn *t)
{
	char first[64] = "", text[160], now[64];
	struct ts_stamp stamp;
	int n_lacking = 0, n_with[DIGITS] = {0}, few;

	shape(t->subject->dialect.stamp_text, first, sizeof(first));
	if (t->subject->dialect.stamp.digits > 0 && ts_clock_wall_ns() % TS_S < WHOLE_NS)
		turn_pause(WHOLE_NS);
	for (int i = 0; turn_goes_on(t, i, 150, 6, TS_S); i++) {
		int64_t sent_ns = ts_clock_wall_ns();
		if (!turn_ask_letters(t, size_of(t, i)) || !turn_last_stamp(t, &stamp, text, sizeof(text)))
			return;
		shape(text, now, sizeof(now));
		n_lacking += lacks_fraction(t, &stamp, sent_ns);
		n_with[stamp.digits < DIGITS ? stamp.digits : 0]++;
		few = cut_short(n_with, i + 1);
		if (strcmp(first, now) == 0 && n_lacking < 2 && few < 0) {
			if (i % 24 < 6 && i % 2)
				turn_ask_end(t);
			continue;
		}
		snprintf(t->expected, sizeof(t->expected), "a time text like %s", t->subject->dialect.stamp_text);
		snprintf(t->actual, sizeof(t->actual), "%s", text);
		if (few >= 0)
			turn_fail(t, BYTES,
			          "the fraction of the second has %d digits in some replies, and more in others", few);
		turn_fail(t, BYTES, "the form of the time text changed at reply %d", i + 1);
	}
}

/* Of several sizes, and all small: whether a message of any size comes back whole is for data.sizes to say. */
void case_format_separator_steady(struct turn *t)
{
	for (int i = 0; turn_goes_on(t, i, 30, 6, TS_S); i++) {
		turn_ask_letters(t, 1 + (size_t)i * 3);
		if (i % 5 == 4)
			turn_ask_end(t);
	}
}

void case_format_separator_plain(struct turn *t)
{
	const struct ts_reply_rule *rule = &t->subject->dialect.rule;

	if (rule->n_separator == 0 || (rule->n_separator == 1 && rule->separator[0] == ' '))
		return;
	snprintf(t->expected, sizeof(t->expected), "nothing, or one space");
	trace_quote(rule->separator, rule->n_separator, t->actual, sizeof(t->actual));
	turn_fail(t, BYTES, "%s stands between ] and the data", t->actual);
}

/* Something after the data shows where the next reply had to begin; the rest of a longer message, after a shorter one.
 */
void case_format_nothing_after(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	const char *data =
	        sampled(t) && sample_data(t) ? memmem(d->sample, d->n_sample, d->sample_in, d->n_sample_in) : NULL;

	if (data && data + d->n_sample_in < d->sample + d->n_sample) {
		turn_fail(t, BYTES, "something follows the data");
		sample_show(t, "[time]data, and nothing after it");
	}
	for (int i = 0; turn_goes_on(t, i, 20, 3, TS_S) && d->known; i++)
		turn_ask_letters(t, i % 2 ? 3 : 100);
	turn_ask_end(t);
}

void case_format_one_stamp(struct turn *t)
{
	for (int i = 0; turn_goes_on(t, i, 10, 3, TS_S); i++)
		if (turn_ask_letters(t, 32) && t->n_stamps > 1)
			turn_fail(t, BYTES, "one message of 32 bytes was answered with %u stamps", t->n_stamps);
}
