#include "dialect_guess.h"
#include "ts_clock.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TRIES_MAX 200000 /* steps of the walk: a text that needs more is no time */

/* What the pattern shows so far: an order is kept (hour, minute, second, fraction), and nothing is shown twice. */
enum {
	YEAR = 1 << 0,
	MONTH = 1 << 1,
	DAY = 1 << 2,
	WEEKDAY = 1 << 3,
	HOUR = 1 << 4,
	HALF_HOUR = 1 << 5,
	MINUTE = 1 << 6,
	SECOND = 1 << 7,
	FRACTION = 1 << 8,
	HALF = 1 << 9,
	ZONE = 1 << 10,
	MOMENT = 1 << 11,
	YEAR_DAY = 1 << 12,
	WEEK_YEAR = 1 << 14,
	WEEK = 1 << 15,
	GAP = 1 << 13 /* of `last` alone: one byte that stands for itself came after it */
};

struct walk {
	const char *text;
	size_t n;
	int64_t now_ns;
	struct ts_stamp_format *format;
	struct ts_stamp *stamp;
	int32_t *zone_s;
	char pattern[sizeof(((struct ts_stamp_format *)0)->strftime_text)];
	int n_tries;
};

/* The numbers: each may stand where none of `excludes` was shown, and right after `after` alone, if that is not 0. */
static const struct number {
	const char *conversion;
	int digits; /* how many; 1: one alone, without padding; -1: one, padded with a blank */
	int least, most;
	unsigned shows, excludes, after;
} numbers[] = {
        {"%M", 2, 0, 59, MINUTE, MINUTE, HOUR | HALF_HOUR},
        {"%-M", 1, 0, 9, MINUTE, MINUTE, HOUR | HALF_HOUR},
        {"%S", 2, 0, 60, SECOND, SECOND, MINUTE},
        {"%-S", 1, 0, 9, SECOND, SECOND, MINUTE},
        {"%s", 10, 0, 0, MOMENT, ~0u, 0},
        {"%Y", 4, 1970, 9999, YEAR, YEAR, 0},
        {"%G", 4, 1970, 9999, YEAR | WEEK_YEAR, YEAR, 0},
        {"%d", 2, 1, 31, DAY, DAY, 0},
        {"%-d", 1, 1, 9, DAY, DAY, 0},
        {"%e", -1, 1, 9, DAY, DAY, 0},
        {"%m", 2, 1, 12, MONTH, MONTH, 0},
        {"%-m", 1, 1, 9, MONTH, MONTH, 0},
        {"%j", 3, 1, 366, MONTH | DAY | YEAR_DAY, MONTH | DAY, 0},
        {"%y", 2, 0, 99, YEAR, YEAR, 0},
        {"%I", 2, 1, 12, HALF_HOUR, HOUR | HALF_HOUR, 0},
        {"%-I", 1, 1, 9, HALF_HOUR, HOUR | HALF_HOUR, 0},
        {"%l", -1, 1, 9, HALF_HOUR, HOUR | HALF_HOUR, 0},
        {"%H", 2, 0, 23, HOUR, HOUR | HALF_HOUR, 0},
        {"%-H", 1, 0, 9, HOUR, HOUR | HALF_HOUR, 0},
        {"%k", -1, 0, 9, HOUR, HOUR | HALF_HOUR, 0},
        {"%V", 2, 1, 53, WEEK, WEEK, 0},
        {"%U", 2, 0, 53, WEEK, WEEK, 0},
        {"%W", 2, 0, 53, WEEK, WEEK, 0},
};

static const struct {
	const char *text, *conversion;
	unsigned shows;
} words[] = {
        {"AM", "%p", HALF},           {"PM", "%p", HALF},           {"am", "%P", HALF},   {"pm", "%P", HALF},
        {"UTC", "%Z", ZONE},          {"GMT", "%Z", ZONE},          {"a.m.", "%P", HALF}, {"p.m.", "%P", HALF},
        {"a.\xc2\xa0m.", "%P", HALF}, {"p.\xc2\xa0m.", "%P", HALF},
};

static const struct {
	const char *name;
	unsigned shows;
} names[] = {
        {"Sunday", WEEKDAY},   {"Monday", WEEKDAY}, {"Tuesday", WEEKDAY},  {"Wednesday", WEEKDAY},
        {"Thursday", WEEKDAY}, {"Friday", WEEKDAY}, {"Saturday", WEEKDAY}, {"January", MONTH},
        {"February", MONTH},   {"March", MONTH},    {"April", MONTH},      {"May", MONTH},
        {"June", MONTH},       {"July", MONTH},     {"August", MONTH},     {"September", MONTH},
        {"October", MONTH},    {"November", MONTH}, {"December", MONTH},
};

/* A date alone is no time: in its year, 2026, the hour 20 and the minute 26 are not to be found. */
static bool hides_year(const struct walk *w, unsigned shown)
{
	const time_t now_s = (time_t)(w->now_ns / TS_S);
	char year[8];
	struct tm tm;

	strftime(year, sizeof(year), "%Y", gmtime_r(&now_s, &tm));
	return shown & MONTH && !(shown & YEAR) && memmem(w->text, w->n, year, strlen(year));
}

/* Is it the pattern of the text, and does the text tell the present? */
static bool holds(struct walk *w, unsigned shown)
{
	bool twelve = shown & HALF_HOUR, month = shown & MONTH, day = shown & DAY, year = shown & YEAR;
	bool in_week = shown & WEEK && shown & WEEKDAY;

	if (!(shown & MOMENT) && (!(shown & (HOUR | HALF_HOUR)) || !(shown & MINUTE) || (twelve && !(shown & HALF))))
		return false;
	if (hides_year(w, shown) || month != day || (year && !day && !in_week) || (shown & YEAR_DAY && !year))
		return false;
	*w->format = (struct ts_stamp_format){.kind = TS_STAMP_STRFTIME};
	memcpy(w->format->strftime_text, w->pattern, sizeof(w->pattern));
	if (ts_stamp_read(w->stamp, w->format, w->text, w->n, NULL) < 0)
		return false;
	*w->zone_s = w->stamp->has_zone ? w->stamp->zone_s : ts_stamp_guess_zone(w->stamp, w->now_ns);
	if (*w->zone_s == INT32_MIN)
		return false;
	int64_t age_ns = w->now_ns - ts_stamp_instant_ns(w->stamp, *w->zone_s, w->now_ns);
	return age_ns > -2 * TS_S && age_ns < w->stamp->resolution_ns + 5 * TS_S;
}

/* Words that may stand for themselves; some are the "at" of other languages, before a time of day. Others are perhaps a
 * weekday in another language, or no words at all. */
static const char *const plain_words[] = {
        "t",     "z",         "h",      "m",     "s",   "at",    "on",  "o",     "clock",   "time", "date", "ts",
        "stamp", "timestamp", "unix",   "epoch", "now", "local", "the", "is",    "it",      "and",  "of",   "in",
        "today", "current",   "server", "st",    "nd",  "rd",    "th",  "since", "seconds", "day",  "week", "wk",
        "w",     "kw",        "cw",     "year",  "uhr", "klo",   "kl",  "um",    "om",      "alle"};

/* What hours and minutes are called: these stand between the numbers, with blanks around them. */
static const char *const units[] = {"h", "hr", "hrs", "hour", "hours", "m", "min", "mins", "minute", "minutes"};

static bool walk(struct walk *w, size_t at, size_t n_pattern, unsigned shown, unsigned last);

/* Go on with this piece of the pattern, which stands for n bytes of the text. */
static bool go(struct walk *w, size_t at, size_t n, size_t n_pattern, const char *piece, unsigned shown, unsigned last)
{
	size_t n_piece = strlen(piece);

	if (n_pattern + n_piece + 1 > sizeof(w->pattern))
		return false;
	memcpy(w->pattern + n_pattern, piece, n_piece + 1);
	return walk(w, at + n, n_pattern + n_piece, shown, last);
}

static size_t n_digits(const struct walk *w, size_t at)
{
	size_t n = 0;

	while (at + n < w->n && isdigit((unsigned char)w->text[at + n]))
		n++;
	return n;
}

/* "week 48", "W48", "KW 48": else a number is no week. */
static bool names_week(const struct walk *w, size_t at)
{
	while (at > 0 && w->text[at - 1] == ' ')
		at--;
	return at > 0 && strchr("WwKk", w->text[at - 1]);
}

static bool walk_number(struct walk *w, size_t at, size_t n_pattern, unsigned shown, unsigned last)
{
	bool padded = w->text[at] == ' ';
	size_t run = n_digits(w, at + padded);
	bool whole = at == 0 || !isdigit((unsigned char)w->text[at - 1]);

	if (shown & MOMENT && at > 0 && strchr("+-", w->text[at - 1])) /* a zone, which follows the moment in git */
		return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number *c = &numbers[i];
		size_t n = c->digits < 0 ? 1 : (size_t)c->digits;
		int value = 0;
		if (padded != (c->digits < 0) || shown & c->excludes || (c->after && !(last & c->after)) ||
		    (!c->after && last & (HOUR | HALF_HOUR)))
			continue;
		if (c->shows == WEEK && !names_week(w, at))
			continue;
		if (c->shows == MONTH && shown & YEAR && shown & DAY) /* year, day, month: nobody's order */
			continue;
		if (n == 1 || n == 10 ? run != n || !whole : run < n)
			continue;
		for (size_t j = 0; j < n && n < 10; j++)
			value = value * 10 + (w->text[at + padded + j] - '0');
		if (n < 10 && (value < c->least || value > c->most))
			continue;
		if (go(w, at, n + padded, n_pattern, c->conversion, shown | c->shows, c->shows))
			return true;
	}
	return false;
}

/* The second's fraction: all the digits that there are. */
static bool walk_fraction(struct walk *w, size_t at, size_t n_pattern, unsigned shown, unsigned last)
{
	size_t run = n_digits(w, at);
	char piece[8];

	if (!(last & (SECOND | MOMENT)) || shown & FRACTION || run < 1 || run > 9 || at == 0)
		return false;
	const bool glued = isdigit((unsigned char)w->text[at - 1]); /* 11/30/2026 is no time of day with a fraction */
	if (glued ? run < 3 : !strchr(".,:", w->text[at - 1]))
		return false;
	snprintf(piece, sizeof(piece), run == 6 ? "%%f" : "%%%dN", (int)run);
	return go(w, at, run, n_pattern, piece, shown | FRACTION, FRACTION);
}

/* One byte that stands for itself. Control characters do not; letters do in plain words, names of zones, and
 * parentheses. */
static bool is_literal(const struct walk *w, size_t at)
{
	size_t begin = at, end = at, n_capitals = 0;

	if (!isalpha((unsigned char)w->text[at]))
		return ((unsigned char)w->text[at] >= ' ' && w->text[at] != 0x7f) || w->text[at] == '\t';
	while (begin > 0 && isalpha((unsigned char)w->text[begin - 1]))
		begin--;
	for (; end < w->n && isalpha((unsigned char)w->text[end]); end++)
		;
	for (size_t i = begin; i < end; i++)
		n_capitals += isupper((unsigned char)w->text[i]) != 0;
	if (n_capitals == end - begin && n_capitals >= 3 && n_capitals <= 5)
		return true;
	for (size_t i = 0; i < sizeof(plain_words) / sizeof(plain_words[0]); i++)
		if (strlen(plain_words[i]) == end - begin &&
		    strncasecmp(plain_words[i], w->text + begin, end - begin) == 0)
			return true;
	return memchr(w->text, '(', begin) && w->text[w->n - 1] == ')';
}

/* Do these n bytes stand alone, no letters before and after them? */
static bool alone(const struct walk *w, size_t at, size_t n)
{
	return at + n <= w->n && (at == 0 || !isalpha((unsigned char)w->text[at - 1])) &&
	       (at + n == w->n || !isalpha((unsigned char)w->text[at + n]));
}

static bool at_half(const struct walk *w, size_t at)
{
	return alone(w, at, 2) && strchr("AaPp", w->text[at]) && strchr("Mm", w->text[at + 1]);
}

static bool at_name(const struct walk *w, size_t at)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i].name);
		if ((alone(w, at, n) && strncasecmp(w->text + at, names[i].name, n) == 0) ||
		    (alone(w, at, 3) && strncasecmp(w->text + at, names[i].name, 3) == 0))
			return true;
	}
	return false;
}

bool dialect_guess_is_name(const char *word, size_t n)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		found |= (n == 3 || n == strlen(names[i].name)) && strncasecmp(word, names[i].name, n) == 0;
	return found;
}

static bool walk_word(struct walk *w, size_t at, size_t n_pattern, unsigned shown)
{
	const char *text = w->text + at;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (int whole = 1; whole >= 0 && !(shown & names[i].shows); whole--) {
			size_t n = whole ? strlen(names[i].name) : 3;
			bool weekday = names[i].shows == WEEKDAY;
			const char *piece = weekday ? whole ? "%A" : "%a" : whole ? "%B" : "%b";
			if (!alone(w, at, n) || strncasecmp(text, names[i].name, n) != 0)
				continue;
			if (isupper((unsigned char)text[1]))
				piece = weekday ? whole ? "%^A" : "%^a" : whole ? "%^B" : "%^b";
			if (go(w, at, n, n_pattern, piece, shown | names[i].shows, WEEKDAY))
				return true;
		}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i].text);
		if (alone(w, at, n) && memcmp(text, words[i].text, n) == 0 && !(shown & words[i].shows) &&
		    go(w, at, n, n_pattern, words[i].conversion, shown | words[i].shows, words[i].shows))
			return true;
	}
	return false;
}

/* Bytes between two numbers of the time of day: a unit, with the blanks, the comma and the "and" around it; or 0. */
static size_t n_unit(const struct walk *w, size_t at)
{
	size_t begin = at + (w->text[at] == ' '), n_letters = 0;
	bool known = false;

	while (begin + n_letters < w->n && isalpha((unsigned char)w->text[begin + n_letters]))
		n_letters++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		known |= strlen(units[i]) == n_letters && memcmp(w->text + begin, units[i], n_letters) == 0;
	for (; n_letters < 9 && begin + n_letters < w->n && (unsigned char)w->text[begin + n_letters] >= 0x80;
	     n_letters++)
		known = true; /* in another script */
	size_t end = begin + n_letters;
	end += end < w->n && w->text[end] == ',';
	end += end < w->n && w->text[end] == ' ';
	end += end + 4 < w->n && memcmp(w->text + end, "and ", 4) == 0 ? 4 : 0;
	return known ? end - at : 0;
}

static bool walk_unit(struct walk *w, size_t at, size_t n_pattern, unsigned shown, unsigned last)
{
	size_t n = last & (HOUR | HALF_HOUR | MINUTE) && !(last & GAP) ? n_unit(w, at) : 0;
	char piece[32];

	if (n == 0 || n >= sizeof(piece))
		return false;
	memcpy(piece, w->text + at, n);
	piece[n] = '\0';
	return go(w, at, n, n_pattern, piece, shown, last | GAP);
}

/*
 * GMT+8, UTC-10 or GMT+5:30: no conversion writes it, so it stands for itself, and the clock tells the zone. So many
 * bytes; or 0.
 */
static size_t n_zone_of_hours(const struct walk *w, size_t at, unsigned shown)
{
	bool named = alone(w, at, 3) && (memcmp(w->text + at, "GMT", 3) == 0 || memcmp(w->text + at, "UTC", 3) == 0);
	size_t sign = at + 3, n = named && sign < w->n && strchr("+-", w->text[sign]) ? n_digits(w, sign + 1) : 0;

	size_t end = sign + 1 + n;
	bool minutes = end < w->n && w->text[end] == ':';

	if (n < 1 || n > 2 || shown & ZONE || (minutes && (n == 2 || n_digits(w, end + 1) != 2)))
		return 0;
	return end - at + (minutes ? 3 : 0);
}

static bool walk_zone_of_hours(struct walk *w, size_t at, size_t n_pattern, unsigned shown)
{
	size_t n = n_zone_of_hours(w, at, shown);
	char piece[16] = "";

	memcpy(piece, w->text + at, n);
	return n > 0 && go(w, at, n, n_pattern, piece, shown | ZONE, 0);
}

/* A week of ISO 8601 and its day: W48-6. */
static bool at_week(const struct walk *w, size_t at, unsigned shown)
{
	return shown & WEEK_YEAR && !(shown & (MONTH | DAY | WEEKDAY)) && w->text[at] == 'W' &&
	       n_digits(w, at + 1) == 2 && at + 5 <= w->n && w->text[at + 3] == '-' && n_digits(w, at + 4) == 1;
}

/* The rest of the text; `last` is what the last conversion showed. */
static bool walk(struct walk *w, size_t at, size_t n_pattern, unsigned shown, unsigned last)
{
	char c = at < w->n ? w->text[at] : '\0';

	if (at == w->n)
		return holds(w, shown);
	if (w->n_tries++ > TRIES_MAX)
		return false;
	bool after_point = at > 0 && strchr(".,", w->text[at - 1]);
	if (shown & MOMENT && w->n - at >= 4 && memcmp(w->text + at, "1970", 4) == 0 && alone(w, at, 4))
		return go(w, at, 4, n_pattern, "1970", shown, last);
	if (isdigit((unsigned char)c)) /* no other digit stands for itself */
		return (after_point && walk_fraction(w, at, n_pattern, shown, last)) ||
		       walk_number(w, at, n_pattern, shown, last) || walk_fraction(w, at, n_pattern, shown, last);
	if (at_week(w, at, shown))
		return go(w, at, 5, n_pattern, "W%V-%u", shown | MONTH | DAY | WEEKDAY, WEEKDAY);
	if (walk_unit(w, at, n_pattern, shown, last))
		return true;
	if (c == ' ' && at > 0 && w->text[at - 1] == ' ' && walk_number(w, at, n_pattern, shown, last))
		return true;
	if (isalpha((unsigned char)c) &&
	    (walk_zone_of_hours(w, at, n_pattern, shown) || walk_word(w, at, n_pattern, shown)))
		return true;
	if (at_half(w, at) || at_name(w, at)) /* and nor does what will be another word later */
		return false;
	if (is_literal(w, at) &&
	    go(w, at, 1, n_pattern, c == '%' ? "%%" : (char[]){c, '\0'}, shown, last & GAP ? GAP : last | GAP))
		return true;
	if ((c != '+' && c != '-') || (shown & ZONE && last != ZONE))
		return false;
	if (n_digits(w, at + 1) == 2 && at + 6 <= w->n && w->text[at + 3] == ':' && n_digits(w, at + 4) == 2)
		return go(w, at, 6, n_pattern, "%:z", shown | ZONE, 0);
	return n_digits(w, at + 1) == 4 && go(w, at, 5, n_pattern, "%z", shown | ZONE, 0);
}

bool dialect_guess(const char *text, size_t n, int64_t now_ns, struct ts_stamp_format *format, struct ts_stamp *stamp,
                   int32_t *zone_s)
{
	struct walk w = {.text = text, .n = n, .now_ns = now_ns, .format = format, .stamp = stamp, .zone_s = zone_s};

	return n > 0 && n < TS_STAMP_MAX && !memchr(text, '[', n) && !memchr(text, ']', n) && !memchr(text, '\0', n) &&
	       walk(&w, 0, 0, 0, 0);
}
