/*
 * Two halves, private to ts_reply*.c: looking at a '[' of an output (a stamp, the beginning of one, or no stamp), and
 * walking an output along all alternatives that still can be true.
 */
#ifndef TS_REPLY_INSIDE_H
#define TS_REPLY_INSIDE_H

#include "ts_reply.h"

/* The last stamp that was read: a stamp of the same bytes is not read again. `bytes` is borrowed; NULL: none. */
struct ts_reply_memo {
	const char *bytes;
	size_t n;
	int64_t begin_ns, resolution_ns;
};

/* What judges stamps: the rule, the window, and the memo. */
struct ts_reply_judge {
	const struct ts_reply_rule *rule;
	int64_t sent_ns, read_ns;
	struct ts_reply_memo memo;
};

/* A time of day without a date means another moment tomorrow: the memo of a stamp holds for an hour. */
#define TS_REPLY_MEMO_NS (3600 * INT64_C(1000000000))

static inline bool ts_reply_memo_holds(int64_t begin_ns, int64_t read_ns)
{
	return read_ns - begin_ns < TS_REPLY_MEMO_NS && begin_ns - read_ns < TS_REPLY_MEMO_NS;
}

/* Does this time lie in the window? It is that of the resolution: "10:30:00" means the whole of that second. */
static inline enum ts_reply_verdict ts_reply_window(const struct ts_reply_rule *rule, int64_t begin_ns,
                                                    int64_t resolution_ns, int64_t sent_ns, int64_t read_ns)
{
	if (rule->check_time && begin_ns + resolution_ns <= sent_ns - rule->tolerance_ns)
		return TS_REPLY_STALE_TIME;
	if (rule->check_time && begin_ns > read_ns + rule->tolerance_ns)
		return TS_REPLY_FUTURE_TIME;
	return TS_REPLY_LEGAL;
}

enum ts_reply_sight {
	TS_REPLY_STAMP,    /* "[time]separator", whole and in the window */
	TS_REPLY_CUT,      /* it may become one */
	TS_REPLY_NO_STAMP, /* it is none: see verdict */
};

struct ts_reply_seen {
	enum ts_reply_sight sight;
	enum ts_reply_verdict verdict; /* of TS_REPLY_NO_STAMP */
	bool like_stamp;               /* of TS_REPLY_NO_STAMP: brackets with a digit between them, on one line */
	size_t n;                      /* of TS_REPLY_STAMP: its bytes, separator included */
	int64_t begin_ns, resolution_ns;
};

/* Look at the n >= 1 bytes of O from a '[' on. */
struct ts_reply_seen ts_reply_look(struct ts_reply_judge *judge, const char *o, size_t n);

/* Where an alternative stands. */
enum ts_reply_place {
	TS_REPLY_AT_START,   /* a stamp must follow */
	TS_REPLY_AT_STAMPED, /* data must follow */
	TS_REPLY_AT_DATA,    /* either may */
};

/* One alternative: `matched` bytes of I are answered by the first `at` bytes of O. */
struct ts_reply_way {
	uint64_t at, matched;
	int64_t last_ns; /* time of its last stamp */
	uint32_t n_stamps;
	uint8_t mode;
	bool waits;        /* at a '[' that may become a stamp: nothing to do until more of O comes */
	bool held_is_data; /* of one that waits: the rest of O would do as data, too */
};

struct ts_reply_ways {
	unsigned n;
	struct ts_reply_way way[TS_REPLY_WAYS];
};

/* One call of ts_reply_feed. */
struct ts_reply_walk {
	struct ts_reply_judge judge;
	struct ts_reply_ways ways;
	const char *in; /* I from in_begin to in_end */
	uint64_t in_begin, in_end;
	const char *out; /* O from out_begin to out_end */
	uint64_t out_begin, out_end;
	enum ts_reply_verdict verdict; /* of the alternative that died last */
	struct ts_reply_way died;      /* the one that had come furthest, where it died */
	struct ts_reply_seen seen;     /* at seen_at, so that alternatives share one look */
	uint64_t seen_at;
};

/*
 * Follow all alternatives through the n bytes of `out`, which is O from offset out_begin on. Those that wait stay where
 * their '[' is; when none is left, the output is illegal and `verdict` says why.
 */
void ts_reply_run(struct ts_reply_walk *walk, const char *out, uint64_t out_begin, size_t n);

#endif
