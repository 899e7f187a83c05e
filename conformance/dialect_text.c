/* A dialect, for people and for programs. */
#include "dialect.h"
#include "shell_quote.h"
#include "suite.h"
#include "ts_json.h"
#include "ts_units.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *time_name(const struct dialect *d, char *buf, size_t size)
{
	char word[32];

	if (d->rule.stamp.kind == TS_STAMP_STRFTIME)
		snprintf(buf, size, "strftime:%s", d->rule.stamp.strftime_text);
	else
		snprintf(buf, size, "%s", ts_opt_choice_word(TS_STAMP_KINDS, d->rule.stamp.kind, word, sizeof(word)));
	return buf;
}

static const char *empty_name(const struct dialect *d)
{
	static const char *const names[] = {"auto", "stamp", "nothing"};

	return names[d->empty];
}

/* NULL: it was not asked, because no selected case needs to know. */
static const char *concurrency_name(const struct dialect *d)
{
	return !d->counted ? NULL : d->capacity > 1 ? "concurrent" : "iterative";
}

/* As a text: a separator holds no NUL. */
static const char *separator_text(const struct dialect *d, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s", (int)d->rule.n_separator, d->rule.separator);
	return buf;
}

const char *dialect_options(const struct dialect *d, bool datagram, char *buf, size_t size)
{
	char name[96], text[sizeof(d->rule.separator) + 1];
	char *time = shell_quote(time_name(d, name, sizeof(name)));
	char *separator = shell_quote(separator_text(d, text, sizeof(text)));

	if (!time || !separator)
		buf[0] = '\0';
	else if (datagram)
		snprintf(buf, size, "--time=%s --separator=%s --empty-datagram=%s", time, separator, empty_name(d));
	else
		snprintf(buf, size, "--framing=%s --time=%s --separator=%s --session=%s%s%s",
		         d->line ? "line" : "stream", time, separator, d->one_shot ? "one-shot" : "lasting",
		         d->counted ? " --concurrency=" : "", d->counted ? concurrency_name(d) : "");
	free(time);
	free(separator);
	return buf;
}

static const char *zone_text(const struct dialect *d, char *buf, size_t size)
{
	int32_t zone_s = d->stamp.has_zone ? d->stamp.zone_s : d->rule.zone_s;
	int minutes = (zone_s < 0 ? -zone_s : zone_s) / 60;

	if (d->rule.stamp.kind == TS_STAMP_UNIX)
		snprintf(buf, size, "none");
	else
		snprintf(buf, size, "%c%02d:%02d", zone_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
	return buf;
}

/* How much stands behind one stamp; "": it was not seen. */
static const char *chunks_text(const struct dialect *d, char *buf, size_t size)
{
	snprintf(buf, size,
	         d->chunk_bytes > 0   ? "chunks of up to %zu bytes, "
	         : d->whole_bytes > 0 ? "messages of up to %zu bytes whole, "
	                              : "",
	         d->chunk_bytes > 0 ? d->chunk_bytes : d->whole_bytes);
	return buf;
}

const char *dialect_words(const struct dialect *d, bool datagram, char *buf, size_t size)
{
	char name[96], zone[16], resolution[32], rtt[32], separator[64], chunks[64];

	if (!d->known) {
		snprintf(buf, size, "not known: %s", d->stranger);
		return buf;
	}
	zone_text(d, zone, sizeof(zone));
	trace_quote(d->rule.separator, d->rule.n_separator, separator, sizeof(separator));
	snprintf(buf, size, "%s%s%s%s%stime %s, zone %s, resolution %s, separator %s, %sround trip %s",
	         datagram  ? ""
	         : d->crlf ? "lines that end in CR LF, "
	         : d->line ? "lines, "
	                   : "stream, ",
	         datagram      ? ""
	         : d->one_shot ? "one-shot, "
	                       : "lasting, ",
	         datagram || !d->counted ? "" : concurrency_name(d), datagram || !d->counted ? "" : ", ",
	         datagram && d->empty == EMPTY_STAMP ? "empty datagrams get a bare stamp, " : "",
	         time_name(d, name, sizeof(name)), zone,
	         ts_units_show_duration(d->stamp.resolution_ns, resolution, sizeof(resolution)), separator,
	         chunks_text(d, chunks, sizeof(chunks)), ts_units_show_duration(d->rtt_ns, rtt, sizeof(rtt)));
	return buf;
}

/* 0: not known. */
static void add_count(cJSON *o, const char *name, size_t n)
{
	if (n > 0)
		ts_json_add_int(o, name, (int64_t)n);
	else
		ts_json_add_null(o, name);
}

cJSON *dialect_json(const struct dialect *d, bool datagram, const char *transport)
{
	cJSON *o;
	char text[256];

	if (!d->known)
		return cJSON_CreateNull();
	o = cJSON_CreateObject();
	ts_json_add_text(o, "transport", transport);
	ts_json_add_text(o, "framing", datagram ? "datagram" : d->line ? "line" : "stream");
	ts_json_add_text(o, "time", time_name(d, text, sizeof(text)));
	ts_json_add_text(o, "example", d->stamp_text);
	ts_json_add_text(o, "zone", zone_text(d, text, sizeof(text)));
	ts_json_add_bool(o, "zone_stated", d->stamp.has_zone);
	ts_json_add_int(o, "resolution_ns", d->stamp.resolution_ns);
	ts_json_add_text(o, "separator", separator_text(d, text, sizeof(text)));
	ts_json_add_text(o, "session", datagram ? NULL : d->one_shot ? "one-shot" : "lasting");
	ts_json_add_text(o, "concurrency", datagram ? NULL : concurrency_name(d));
	add_count(o, "clients_count", datagram ? 0 : (size_t)d->limit);
	add_count(o, "chunk_bytes", d->chunk_bytes);
	add_count(o, "whole_bytes", d->whole_bytes);
	ts_json_add_text(o, "empty_datagram", !datagram || d->empty == EMPTY_UNKNOWN ? NULL : empty_name(d));
	ts_json_add_int(o, "round_trip_ns", d->rtt_ns);
	ts_json_add_text(o, "options", dialect_options(d, datagram, text, sizeof(text)));
	return o;
}
