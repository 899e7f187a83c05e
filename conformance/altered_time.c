/* In which way is the time of a reply wrong? */
#include "altered.h"
#include "dialect.h"
#include "trace.h"
#include "ts_clock.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ZEROS_MAX 5

/* "%d" writes 5 ms as ".5": would the time be right with some zeros in front of the fraction? */
static bool lacks_zeros(const struct ts_stamp *stamp, int64_t at_ns, const struct altered_moment *m)
{
	const int64_t fraction_ns = (at_ns % TS_S + TS_S) % TS_S;
	int64_t power = 10;

	for (int i = 1; i <= ZEROS_MAX && stamp->digits > 0 && stamp->digits + i <= 9; i++, power *= 10) {
		int64_t meant_ns = at_ns - fraction_ns + fraction_ns / power;
		if (meant_ns + stamp->resolution_ns / power > m->sent_ns && meant_ns <= m->read_ns)
			return true;
	}
	return false;
}

#define FROM_1900_S INT64_C(2208988800) /* to 1970: RFC 868 counts from 1900 */

static void by_much(char *text, size_t size, int64_t s, const char *side)
{
	int64_t minutes = (s + 30) / 60;

	if (s > FROM_1900_S - 86400 && s < FROM_1900_S + 86400) {
		snprintf(text, size, "the time is 70 years %s: its seconds count from 1900, not from 1970", side);
		return;
	}
	if (minutes >= INT64_C(48) * 60)
		snprintf(text, size, "the time is %" PRId64 " days %s", (minutes + 12 * 60) / (24 * 60), side);
	else if (minutes >= 60 && minutes % 60 == 0)
		snprintf(text, size, "the time is %" PRId64 " h %s", minutes / 60, side);
	else if (minutes >= 60)
		snprintf(text, size, "the time is %" PRId64 " h %" PRId64 " min %s", minutes / 60, minutes % 60, side);
	else if (s >= 120)
		snprintf(text, size, "the time is %" PRId64 " min %s", minutes, side);
	else
		snprintf(text, size, "the time is %" PRId64 " s %s", s, side);
}

#define EDGE_NS (10 * TS_MS) /* so late time(2) may tell the next second: a tick of the kernel's */
#define NEAR_NS (50 * TS_MS) /* the window is so narrow, or it cannot be told */

/* A second before, with a fraction of this one, or the other way round? So late is who asks time(2) for the one and
 * another clock for the other. */
static bool is_torn(const struct ts_stamp *stamp, int64_t at_ns, const struct altered_moment *m)
{
	const int64_t since_ns = m->last_ns > m->sent_ns ? m->last_ns : m->sent_ns;
	const int64_t off_ns = at_ns > m->read_ns ? at_ns - m->read_ns : since_ns - at_ns;
	const int64_t fraction_ns = (at_ns % TS_S + TS_S) % TS_S;
	const bool at_edge = fraction_ns < EDGE_NS || fraction_ns > TS_S - EDGE_NS;

	return stamp->digits > 0 && at_edge && off_ns > TS_S - NEAR_NS && off_ns <= TS_S + stamp->resolution_ns;
}

/* Less than 2 s before the moment of sending, or after that of reading: how far? */
static void by_little(char *text, size_t size, int64_t at_ns, int64_t resolution_ns, const struct altered_moment *m)
{
	int64_t end_ns = at_ns + resolution_ns;

	if (m->last_ns != INT64_MIN && end_ns <= m->last_ns)
		snprintf(text, size, "the time went back by %.3g s", (double)(m->last_ns - at_ns) / 1e9);
	else if (end_ns <= m->sent_ns)
		snprintf(text, size, "the time lies %.2g s before the moment of sending",
		         (double)(m->sent_ns - end_ns) / 1e9);
	else if (at_ns > m->read_ns)
		snprintf(text, size, "the time lies %.2g s after the moment of reading",
		         (double)(at_ns - m->read_ns) / 1e9);
}

/* Why it may be wrong: the server has not looked at its clock again. */
static const char *still_of(int64_t at_ns, int64_t resolution_ns, const struct altered_moment *m)
{
	if (at_ns == m->first_ns && m->age_ns > resolution_ns)
		return ": it is still that of the very first reply";
	return at_ns == m->last_ns && at_ns < m->read_ns ? ": it is still that of the reply before" : "";
}

const char *altered_time(const struct ts_reply_rule *rule, const char *reply, size_t n, const struct altered_moment *m,
                         char *text, size_t size)
{
	const char *close = n > 1 && reply[0] == '[' ? memchr(reply, ']', n) : NULL;
	struct ts_stamp stamp;

	text[0] = '\0';
	if (!close || ts_reply_read_time(rule, &stamp, reply + 1, (size_t)(close - reply - 1)) < 0)
		return text;
	int64_t at_ns = ts_stamp_instant_ns(&stamp, rule->zone_s, m->read_ns), ahead_ns = at_ns - m->read_ns;
	int64_t s = ((ahead_ns < 0 ? -ahead_ns - stamp.resolution_ns / 2 : ahead_ns) + TS_S / 2) / TS_S;

	const bool torn = is_torn(&stamp, at_ns, m);
	if (s >= 2)
		by_much(text, size, s, ahead_ns > 0 ? "ahead" : "behind");
	else if (!torn && lacks_zeros(&stamp, at_ns, m))
		snprintf(text, size, "the fraction of the second lacks the zeros at its front");
	else
		by_little(text, size, at_ns, stamp.resolution_ns, m);
	size_t n_text = strlen(text);
	if (n_text > 0)
		snprintf(text + n_text, size - n_text, "%s",
		         torn ? ": its second and its fraction are of two clocks"
		              : still_of(at_ns, stamp.resolution_ns, m));
	return text;
}

#define TEXT_MAX 60 /* bytes of a text that are shown */

const char *altered_time_text(const char *reply, size_t n, int64_t now_ns, char *text, size_t size)
{
	const char *close = n > 1 && reply[0] == '[' ? memchr(reply, ']', n) : NULL;
	size_t n_text = close ? (size_t)(close - reply) - 1 : 0;
	char quoted[TEXT_MAX + 8];

	text[0] = '\0';
	if (!close)
		return text;
	const char *why = dialect_no_time(reply + 1, n_text, now_ns);
	snprintf(text, size, "%s between the brackets is no time of the server's kind%s%s",
	         trace_quote(reply + 1, n_text, quoted, sizeof(quoted)), *why ? ": " : "", why);
	return text;
}
