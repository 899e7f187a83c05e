/* What one reply says about the time text and the separator. */
#include "dialect_guess.h"
#include "dialect_inside.h"
#include "dialect_unpad.h"
#include "dialect_zeros.h"
#include "suite.h"
#include "ts_clock.h"
#include <stdio.h>
#include <string.h>

/* A whole second may be rounded, and a cached clock is a tick behind. */
static void set_tolerance(struct dialect *d)
{
	int64_t unit_ns = d->stamp.resolution_ns > TS_S ? TS_S : d->stamp.resolution_ns;

	d->rule.check_time = true;
	d->rule.tolerance_ns = 50 * TS_MS + unit_ns * 6 / 10;
}

void dialect_take_format(struct dialect *d, const struct ts_stamp_format *format)
{
	size_t n = strlen(d->stamp_text);

	d->rule.stamp = *format;
	ts_stamp_read(&d->stamp, &d->rule.stamp, d->stamp_text, n, NULL);
	dialect_unpad(&d->rule.stamp, d->rule.also, d->stamp_text, n, ts_clock_wall_ns());
	set_tolerance(d);
}

static void apply_options(struct dialect *d, const struct options *o)
{
	if (strcmp(o->time, "auto") != 0 && !options_pattern(o)) /* that was taken already */
		ts_stamp_format_parse(&d->rule.stamp, o->time, NULL);
	if (strcmp(o->separator, "auto") != 0) {
		d->rule.n_separator = strlen(o->separator);
		memcpy(d->rule.separator, o->separator, d->rule.n_separator);
	}
	if (o->framing)
		d->line = o->framing == SAID_LINE;
	if (o->session)
		d->one_shot = o->session == SAID_ONE_SHOT;
	if (o->empty_datagram)
		d->empty = o->empty_datagram == SAID_STAMP ? EMPTY_STAMP : EMPTY_NOTHING;
}

/* A pattern as dialect_settle_zeros makes it, stated: the text may be one that leaves its zeros out. */
static void leave_out_zeros(struct dialect *d, const char *text, size_t n)
{
	struct ts_stamp_format *format = &d->rule.stamp, *also = d->rule.also, with = *format;
	struct ts_stamp stamp;

	if (!strstr(format->strftime_text, "%S.%1N0") || !dialect_zeros_dropped(format, &also[0]))
		return;
	also[1].strftime_text[0] = '\0';
	if (ts_stamp_read(&stamp, &also[0], text, n, NULL) == 0) {
		*format = also[0];
		also[0] = with;
	}
}

/* The text follows the pattern that was stated, or else some pattern: a time of none of the named kinds. */
static bool read_pattern(struct dialect *d, const char *text, size_t n, const char *stated)
{
	struct ts_stamp_format *format = &d->rule.stamp;
	int64_t now_ns = ts_clock_wall_ns();

	if (!stated)
		return dialect_guess(text, n, now_ns, format, &d->stamp, &d->rule.zone_s);
	*format = (struct ts_stamp_format){.kind = TS_STAMP_STRFTIME};
	snprintf(format->strftime_text, sizeof(format->strftime_text), "%s", stated);
	dialect_unpad_stated(format, d->rule.also, text, n);
	leave_out_zeros(d, text, n);
	if (ts_stamp_read(&d->stamp, format, text, n, NULL) < 0)
		return false;
	d->rule.zone_s = d->stamp.has_zone ? d->stamp.zone_s : ts_stamp_guess_zone(&d->stamp, now_ns);
	return d->rule.zone_s != INT32_MIN;
}

/* The rule for a bracketed text that is a time of none of the named kinds. */
static bool learn_pattern(struct dialect *d, const char *in, size_t n_in, const char *out, size_t n_out,
                          const char *stated)
{
	const char *close = n_out > 2 && out[0] == '[' ? memchr(out, ']', n_out) : NULL;
	size_t n_text = close ? (size_t)(close - out - 1) : 0;
	size_t n_gap = close ? n_out - n_text - 2 : 0;

	if (!close || n_gap < n_in || n_gap - n_in >= sizeof(d->rule.separator) ||
	    memcmp(out + n_out - n_in, in, n_in) != 0)
		return false;
	if (ts_reply_separator_max(close + 1, n_gap - n_in) < n_gap - n_in)
		return false; /* no separator */
	if (!read_pattern(d, out + 1, n_text, stated))
		return false;
	d->rule.n_separator = n_gap - n_in;
	memcpy(d->rule.separator, close + 1, d->rule.n_separator);
	return true;
}

/* A server with a tiny buffer answers a word in several chunks: the bytes of the first, and the data in it; or 0. */
static size_t first_chunk(const char *in, size_t *n_in, const char *out, size_t n_out)
{
	const char *second = n_out > 1 ? memchr(out + 1, '[', n_out - 1) : NULL;
	size_t n_first = second ? (size_t)(second - out) : 0;

	for (size_t n = *n_in; n_first && n > 0; n--)
		if (n <= n_first && memcmp(out + n_first - n, in, n) == 0) {
			*n_in = n;
			return n_first;
		}
	return 0;
}

/* Why the text between the brackets is no time, or not that of the stated pattern, as far as can be told; "" or a
 * sentence in parentheses. */
static const char *no_time_why(const char *out, size_t n_out, const char *stated, char *buf, size_t size)
{
	const char *close = n_out > 1 && out[0] == '[' ? memchr(out, ']', n_out) : NULL;
	size_t n = close ? (size_t)(close - out) - 1 : 0;
	struct ts_stamp_format format = {.kind = TS_STAMP_STRFTIME};
	const char *why = close ? dialect_no_time(out + 1, n, ts_clock_wall_ns()) : "";
	struct ts_stamp stamp;

	snprintf(format.strftime_text, sizeof(format.strftime_text), "%s", stated ? stated : "");
	if (close && stated && ts_stamp_read(&stamp, &format, out + 1, n, &why) == 0)
		why = "";

	buf[0] = '\0';
	if (why[0])
		snprintf(buf, size, " (%s)", why);
	return buf;
}

static bool holds_reversed(const char *in, size_t n_in, const char *out, size_t n_out)
{
	char reversed[N_WORD + 2];

	for (size_t i = 0; i < N_WORD && N_WORD <= n_in; i++)
		reversed[i] = in[N_WORD - 1 - i];
	return N_WORD <= n_in && memmem(out, n_out, reversed, N_WORD) != NULL;
}

/* The reply without the separator that was stated, which may be of letters: so much of it is left. */
static size_t cut_separator(const char *separator, const char *out, size_t n_out, char *buf)
{
	const char *close = n_out > 2 && out[0] == '[' ? memchr(out, ']', n_out) : NULL;
	size_t n = strlen(separator), n_stamp = close ? (size_t)(close + 1 - out) : 0;

	if (!close || n_out - n_stamp < n || memcmp(close + 1, separator, n) != 0)
		n = 0;
	memcpy(buf, out, n_stamp);
	memcpy(buf + n_stamp, out + n_stamp + n, n_out - n_stamp - n);
	return n_out - n;
}

/*
 * The text is a time of some pattern, so it is something else that is wrong: what would be said if the text were one of
 * the named ones? Or NULL.
 */
static const char *wrong_behind_pattern(const struct dialect *d, const char *in, size_t n_in, const char *out,
                                        size_t n_out)
{
	const char *close = n_out > 2 && out[0] == '[' ? memchr(out, ']', n_out) : NULL, *why = NULL;
	static const char named[] = "[1970-01-01T00:00:00Z]";
	struct dialect other = *d;
	char text[1024];

	if (!close || !read_pattern(&other, out + 1, (size_t)(close - out) - 1, NULL))
		return NULL;
	int n = snprintf(text, sizeof(text), "%s%.*s", named, (int)(out + n_out - close - 1), close + 1);
	if (n < 0 || (size_t)n >= sizeof(text))
		return NULL;
	int got = ts_reply_learn(&other.rule, &other.stamp, in, n_in, text, (size_t)n, ts_clock_wall_ns(), &why);
	return got == 0 || strstr(why, "no time that is known") ? NULL : why;
}

#define FAR_NS (3600 * TS_S)

/* A number may look like one of those since 1970, and be far from the present as such, and tell the present in another
 * way: 2026334165211 is the 334th day of 2026. */
static void prefer_present(struct dialect *d, const char *in, size_t n_in, const char *out, size_t n_out,
                           int64_t now_ns)
{
	struct dialect other = *d;
	int64_t off_ns = ts_stamp_instant_ns(&d->stamp, 0, now_ns) - now_ns;

	if (d->rule.stamp.kind == TS_STAMP_UNIX && (off_ns < -FAR_NS || off_ns > FAR_NS) &&
	    learn_pattern(&other, in, n_in, out, n_out, NULL))
		*d = other;
}

void dialect_learn(struct turn *t, const char *in, size_t n_in, const char *out, size_t n_out)
{
	struct dialect *d = &t->subject->dialect;
	const struct options *o = t->subject->options;
	const char *why = "", *stated = options_pattern(o);
	char quoted[120], reason[100], cut[1024];
	int64_t now_ns = ts_clock_wall_ns();

	d->n_sample = n_out < sizeof(d->sample) ? n_out : sizeof(d->sample);
	memcpy(d->sample, out, d->n_sample);
	d->n_sample_in = n_in < sizeof(d->sample_in) ? n_in : sizeof(d->sample_in);
	memcpy(d->sample_in, in, d->n_sample_in);
	trace_quote(out, n_out, quoted, sizeof(quoted));
	if (strcmp(o->separator, "auto") != 0 && n_out <= sizeof(cut)) {
		n_out = cut_separator(o->separator, out, n_out, cut);
		out = cut;
	}
	size_t n_part = n_in, n_first = first_chunk(in, &n_part, out, n_out);
	d->known = (!stated && ts_reply_learn(&d->rule, &d->stamp, in, n_in, out, n_out, now_ns, &why) == 0) ||
	           (!stated && n_first &&
	            ts_reply_learn(&d->rule, &d->stamp, in, n_part, out, n_first, now_ns, NULL) == 0) ||
	           learn_pattern(d, in, n_in, out, n_out, stated) ||
	           (n_first && learn_pattern(d, in, n_part, out, n_first, stated));
	if (!d->known) {
		const char *behind = stated ? NULL : wrong_behind_pattern(d, in, n_in, out, n_out);
		d->tells_time = behind != NULL;
		why = holds_reversed(in, n_in, out, n_out) ? "the data comes back reversed" : behind ? behind : why;
		snprintf(d->stranger, sizeof(d->stranger), "%s%s: %s",
		         stated ? "the reply does not have the stated time text" : why,
		         stated || strstr(why, "no time that is known")
		                 ? no_time_why(out, n_out, stated, reason, sizeof(reason))
		                 : "",
		         quoted);
		return;
	}
	if (!stated)
		prefer_present(d, in, n_in, out, n_out, now_ns);
	d->rule.zone_s = dialect_zone_doubted(&d->stamp, d->rule.zone_s, now_ns);
	const char *close = memchr(out, ']', n_out);
	snprintf(d->stamp_text, sizeof(d->stamp_text), "%.*s", close ? (int)(close - out - 1) : 0, out + 1);
	if (strcmp(o->time, "auto") == 0)
		dialect_unpad(&d->rule.stamp, d->rule.also, d->stamp_text, strlen(d->stamp_text), now_ns);
	apply_options(d, o);
	set_tolerance(d);
}
