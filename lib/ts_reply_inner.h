/*
 * What stands at a '[' of an output: a stamp, the beginning of one, or no stamp. Private to ts_reply*.c.
 */
#ifndef TS_REPLY_INNER_H
#define TS_REPLY_INNER_H

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

#endif
