/* The time text: which moment, and in which form. */
#include "faulty.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the form is a fault's choice */
#define SECOND 1000000000LL
#define CTIME  "%a %b %e %H:%M:%S %Y"
#define ISO    "%Y-%m-%dT%H:%M:%S"

/* The moment that the text shows. */
static long long moment_choose(struct conversation *c)
{
	struct server *s = c->server;
	long long now = peer_now_ns(CLOCK_REALTIME), previous = c->previous_ns ? c->previous_ns : now - 5 * SECOND;

	c->previous_ns = now;
	switch (s->fault) {
	case FAULT_TIME_OF_START:
	case FAULT_TIME_OF_START_UDP: return s->started_ns;
	case FAULT_TIME_OF_CONNECT:
	case FAULT_TIME_OF_CONNECT_ONE_SHOT: return c->connected_ns;
	case FAULT_TIME_OF_LATEST:
	case FAULT_TIME_OF_FIRST: return s->first_client_ns;
	case FAULT_TIME_BEFORE_WAIT: return previous > s->started_ns ? previous : s->started_ns;
	case FAULT_TIME_OF_PREVIOUS: return previous;
	case FAULT_TIME_OF_SAME:
	case FAULT_TIME_OF_SAME_UDP: return c->is_repeat ? previous : now;
	case FAULT_TIME_OF_SAME_LONG:
	case FAULT_TIME_OF_SAME_ALONE:
	case FAULT_TIME_OF_SAME_LARGE: return c->is_repeat ? c->remembered_ns : now;
	case FAULT_TIME_BEFORE_ACCEPT: return c->n_messages <= 1 ? c->connected_ns : now;
	case FAULT_LINE_TIME_FIRST: return c->line_ns;
	case FAULT_TIME_OF_LONG: return c->is_long ? c->connected_ns : now;
	case FAULT_TIME_CACHED:
		if (now - s->looked_ns > 10 * SECOND)
			s->looked_ns = now;
		return s->looked_ns;
	case FAULT_TIME_EVEN: return now - now / SECOND % 2 * SECOND;
	case FAULT_TIME_AHEAD: return now + 5 * SECOND;
	case FAULT_TIME_300_AHEAD: return now + SECOND * 3 / 10;
	case FAULT_TIME_BEHIND: return now - 10 * SECOND;
	case FAULT_TIME_DAY_OFF: return now + 86400 * SECOND;
	case FAULT_TIME_ROUNDED: return now + SECOND / 2;
	case FAULT_TIME_TICK: return now - (now + SECOND / 20) % (SECOND / 4); /* none is at the edge */
	case FAULT_TIME_ROUNDED_UP: return now + SECOND - 1;
	case FAULT_TIME_SECOND_LATE: return now - SECOND;
	case FAULT_TIME_BACK: return now - (s->n_replies % 2 ? 2 * SECOND : 0);
	case FAULT_TIME_ZONE_CHANGES: return now + (s->n_replies % 2 ? 3600 * SECOND : 0);
	case FAULT_TIME_ZONE_OF_WORKER: return now + (c->nth % 8 == 0 ? 9 * 3600 * SECOND : 0);
	case FAULT_TIME_EAST_CALLED_GMT:
	case FAULT_TIME_EAST_CALLED_Z: return now + 8 * 3600 * SECOND;
	default: return now;
	}
}

/* Hour 1 to 12, in a zone where it is afternoon now, so that the fault shows at any time of the day. */
static void half_day_write(time_t second, char *text, size_t size)
{
	int hour = second / 3600 % 24, east_h = hour < 13 ? 13 - hour : 0, west_h = hour >= 23 ? 8 : 0;
	char zone[16];
	struct tm tm;

	second += (east_h - west_h) * 3600;
	gmtime_r(&second, &tm);
	snprintf(zone, sizeof(zone), "%c%02d:00", west_h ? '-' : '+', east_h + west_h);
	strftime(text, size, "%Y-%m-%dT%I:%M:%S", &tm);
	strncat(text, zone, size - strlen(text) - 1);
}

/* Is the number of the minute about that of the month, in some zone? */
static bool is_near_month(time_t now)
{
	struct tm tm;

	gmtime_r(&now, &tm);
	return (tm.tm_min - tm.tm_mon - 1 + 62) % 15 < 5;
}

static const char *form_choose(const struct conversation *c)
{
	switch (c->server->fault) {
	case FAULT_FORM_CHANGES: return c->server->n_replies % 3 == 2 ? "%Y-%m-%d %H:%M:%S" : CTIME;
	case FAULT_FORM_CHANGES_THIRD: return c->n_messages > 2 ? "%Y/%m/%d %H:%M:%S" : CTIME;
	case FAULT_FORM_CHANGES_CLIENT: return c->server->n_clients % 4 == 3 ? ISO "+00:00" : ISO "Z";
	case FAULT_FORM_LETTER: return c->server->n_replies % 2 ? ISO "z" : ISO "Z";
	case FAULT_STAMP_NEWLINE: return CTIME "\n";
	case FAULT_STAMP_EMPTY: return "";
	case FAULT_STAMP_WORD: return "now";
	case FAULT_STAMP_FOREIGN: return "So %e. Nov. %H:%M:%S %Y";
	case FAULT_TIME_UTC_CALLED_EAST: return ISO "+08:00";
	case FAULT_TIME_EAST_CALLED_GMT: return "%a, %d %b %Y %H:%M:%S GMT";
	case FAULT_TIME_EAST_CALLED_Z: return ISO "Z";
	case FAULT_TIME_NO_DAY: return "%Y-11-31T%H:%M:%SZ";
	case FAULT_TIME_MONTH_MINUTES: /* and seconds, where that would be right in some zone, or almost */
		return is_near_month(time(NULL)) ? "%a %b %e %H:%m:%m %Y" : "%a %b %e %H:%m:%S %Y";
	case FAULT_TIME_SWAPPED: return "%a %b %e %H:%S:%M %Y";
	default: return c->server->rfc3339 ? ISO "Z" : CTIME;
	}
}

void time_write(struct conversation *c, char *text, size_t size)
{
	long long ns = moment_choose(c), fraction = ns % SECOND;
	time_t second = ns / SECOND;
	const char *form = form_choose(c);
	bool utc = strchr(form, 'T');
	struct tm tm;

	if (utc)
		gmtime_r(&second, &tm);
	else
		localtime_r(&second, &tm);
	switch (c->server->fault) {
	case FAULT_TIME_WEEKDAY: tm.tm_wday = (tm.tm_wday + 1) % 7; break;
	case FAULT_TIME_HOUR_24: tm.tm_hour += 24; break;
	case FAULT_TIME_HALF_DAY: half_day_write(second, text, size); return;
	case FAULT_TIME_MONTH_OFF:
		snprintf(text, size, "%d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon, tm.tm_mday,
		         tm.tm_hour, tm.tm_min, tm.tm_sec);
		return;
	case FAULT_TIME_YEAR_OFF: tm.tm_year -= 1900; break;
	case FAULT_FRACTION_CHANGES:
		snprintf(text, size, c->server->n_replies % 2 ? "%lld" : "%lld.%03lld", (long long)second,
		         fraction / 1000000);
		return;
	case FAULT_FRACTION_SHORTER:
		snprintf(text, size, c->server->n_replies % 2 ? "%lld.%03lld" : "%lld.%06lld", (long long)second,
		         fraction / (c->server->n_replies % 2 ? 1000000 : 1000));
		return;
	case FAULT_UNITS_CHANGE:
		snprintf(text, size, "%lld", c->server->n_replies % 10 == 9 ? ns / 1000 : ns / 1000000);
		return;
	case FAULT_TIME_UPTIME: snprintf(text, size, "%.6f", peer_now_ns(CLOCK_BOOTTIME) / 1e9); return;
	case FAULT_TIME_EXPONENT: snprintf(text, size, "%g", (double)second); return;
	case FAULT_TIME_FRACTION_SCALED:
		strftime(text, size, ISO, gmtime_r(&second, &tm));
		snprintf(text + strlen(text), size - strlen(text), ".%09lldZ", fraction / 1000);
		return;
	case FAULT_TIME_TORN: /* the second is kept for a while */
		second = (ns - SECOND * 6 / 100) / SECOND;
		strftime(text, size, ISO, gmtime_r(&second, &tm));
		snprintf(text + strlen(text), size - strlen(text), ".%03lldZ", fraction / 1000000);
		return;
	case FAULT_TIME_FRACTION_COUNTED:
		strftime(text, size, ISO, gmtime_r(&second, &tm));
		snprintf(text + strlen(text), size - strlen(text), ".%03lluZ",
		         (unsigned long long)(999 - c->server->n_replies % 1000));
		return;
	default: break;
	}
	text[0] = 0;
	strftime(text, size, form, &tm);
}
