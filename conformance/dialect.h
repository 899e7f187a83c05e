/*
 * How one server fills the points that the protocol leaves open: found by probing, or stated by options.
 * Source: docs/protocol.md, "Dialect".
 */
#ifndef DIALECT_H
#define DIALECT_H

#include "ts_clock.h"
#include "ts_reply.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#define DIALECT_CAPACITY_MAX  8            /* as many clients at a time as the probe tries: "many" */
#define DIALECT_WAITING_NS    (2 * TS_MS)  /* a round trip above it is mostly waiting, if the machine is not busy */
#define DIALECT_LEISURELY_NS  (10 * TS_MS) /* not slow, and not quick */
#define DIALECT_LATE_BEGIN_NS (50 * TS_MS) /* a first answer so late is not the machine's load alone */
#define DIALECT_CAPACITY_SLOW 17 /* of a slow server, whose suite is waiting: the more at a time, the sooner done */

enum empty_datagram { EMPTY_UNKNOWN, EMPTY_STAMP, EMPTY_NOTHING };

struct dialect {
	bool known;         /* the rule below was learnt */
	char stranger[300]; /* what the server speaks instead, in one sentence; "" */
	struct ts_reply_rule rule;
	struct ts_stamp stamp; /* of the first reply */
	char stamp_text[TS_STAMP_MAX];
	char sample[1024], sample_in[16]; /* the first reply, and the message that it answers */
	size_t n_sample, n_sample_in;
	bool tells_time;     /* the sample's text is a time of some pattern, and something else of it is wrong */
	bool line;           /* framing; else stream */
	bool crlf;           /* its lines must end in CR LF */
	bool one_shot;       /* else lasting */
	int capacity;        /* clients that were answered at a time, 1: iterative, at most DIALECT_CAPACITY_SLOW */
	int limit;           /* so many are, and one more is not until one of them has gone; 0: none is known */
	bool turns_away;     /* and that one is closed on */
	bool misstated;      /* as concurrent: it serves one client at a time */
	bool counted;        /* that was asked, or stated; else it is taken for 1 */
	int abreast;         /* so many of them are asked at a time: few, if they wait for one another */
	bool greeting;       /* it spoke first, */
	bool greets_late;    /* but only when its client had said something, */
	char greeted[120];   /* and what it said, for people */
	bool ends;           /* it ended the first conversation after its client had */
	bool ends_first;     /* or before its client had */
	bool unanswered;     /* the first message was not answered, and nothing else was said; */
	bool wants_crlf;     /* or only when CR LF had come, */
	bool answers_end;    /* or its client had ended */
	bool first_client;   /* the probe's first client was not answered, and the next one was */
	int64_t n_after_end; /* bytes that came after its end */
	enum empty_datagram empty;
	bool split;           /* a reply came in two datagrams */
	bool first_lost;      /* the first datagram was not answered, and a later one was */
	bool held_back;       /* it was answered only when that one had come */
	bool goes_on;         /* a client's second datagram is answered, too */
	bool first_only;      /* nobody but its first client is answered */
	bool one_message;     /* the probe's second message was not answered, and its conversation left open */
	bool empty_kills;     /* after an empty datagram nothing was answered any more */
	int64_t rtt_ns;       /* of a small message: the longest of the probe's, for deadlines */
	int64_t least_rtt_ns; /* the shortest: a busy machine does not make a server slow; 0: unknown */
	int64_t end_ns;       /* from the client's end, or a one-shot server's reply, to the server's end */
	int64_t begin_ns;     /* from one more client's first message to its answer, the shortest; 0: unknown */
	bool begins_late;     /* its first answer takes long, and not for the machine's load */
	bool ends_late;       /* and so does its end */
	size_t whole_bytes;   /* of the longest message that was seen to have one stamp; */
	size_t chunk_bytes;   /* the largest pieces into which a longer one was cut, each with its stamp; 0: none was */
};

/* A round trip so long is not that of a busy machine alone. */
static inline bool dialect_is_slow(const struct dialect *d)
{
	return d->least_rtt_ns > 45 * TS_MS;
}

/* Its round trips take long, or it takes long to begin or to end a conversation: most of its suite is waiting. */
static inline bool dialect_is_leisurely(const struct dialect *d)
{
	return d->least_rtt_ns > DIALECT_LEISURELY_NS || d->begin_ns > DIALECT_LEISURELY_NS || d->begins_late ||
	       d->ends_late;
}

/* How a line ends, where there are lines. */
static inline const char *dialect_line_end(const struct dialect *d)
{
	return d->crlf ? "\r\n" : "\n";
}

/* Does it serve one client, and close on whoever comes meanwhile? */
static inline bool dialect_closes_on_second(const struct dialect *d)
{
	return d->turns_away && d->limit == 1;
}

/*
 * So slow, and so few are served at a time, that a suite which asks everything twice would take minutes: each message
 * is then asked for what no other tells.
 */
static inline bool dialect_is_sparing(const struct dialect *d)
{
	return d->least_rtt_ns > 100 * TS_MS && d->abreast < 4;
}

/* Is this the stamp of an empty message, in the dialect and of the moment: [time], with its separator or without? */
enum ts_reply_verdict dialect_judge_bare(const struct dialect *d, const char *out, size_t n, int64_t sent_ns,
                                         int64_t *stamp_ns);

struct turn;

/*
 * Probe the server of the turn's subject and fill its dialect. Waits at most about 2 s against a correct server. True:
 * the server was reached (the dialect may still be unknown). False: it could not be connected to; the turn says why.
 */
bool dialect_probe(struct turn *t);

/* The dialect as options that would state it, such as "--framing=stream --time=ctime --separator='
 * ' ..."; returns buf. */
const char *dialect_options(const struct dialect *d, bool datagram, char *buf, size_t size);

/* The dialect in words for a person: one line. Returns buf. */
const char *dialect_words(const struct dialect *d, bool datagram, char *buf, size_t size);

cJSON *dialect_json(const struct dialect *d, bool datagram, const char *transport);

/*
 * The zone of this stamp, zone_s, was found by comparison with our clock. Nobody keeps one less than an hour from UTC;
 * and if the minutes are the month's number as well, it is %H:%m, which at some minutes looks like a zone: then 0.
 */
int32_t dialect_zone_doubted(const struct ts_stamp *stamp, int32_t zone_s, int64_t now_ns);

/* Why is this text no time? A static sentence; "" where it is one, or where nothing can be told. now_ns: by the clock
 * on the wall, when it was read. */
const char *dialect_no_time(const char *text, size_t n, int64_t now_ns);

#endif
