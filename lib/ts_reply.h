/*
 * The law of replies: is this output a legal answer to this input? Pure and incremental.
 *
 * For input I on a stream, output O is legal if and only if O = P(t1) c1 P(t2) c2 ..., where c1 c2 ... = I, every ci is
 * not empty, and every P(t) is "[time]separator" in the server's dialect with a time that lies between the moment the
 * input was sent and the moment the output was read. Source: docs/protocol.md, "The law of replies".
 *
 * The checker walks O once, byte by byte in theory and in runs in practice. Where the data itself holds brackets, a
 * byte can be data or the start of a stamp: then it follows both ways at once, as alternatives (bytes of I matched,
 * where in the stamp), and drops those that die. Data without '[' never forks: the common case is one comparison of
 * memory.
 *
 * The caller keeps I (or can make it again from an offset) and hands over the part from ts_reply_base on; the checker
 * keeps no data, only offsets and the bytes of a stamp that is cut by the end of a receive call.
 */
#ifndef TS_REPLY_H
#define TS_REPLY_H

#include "ts_stamp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_REPLY_ALSO 5

/* What a server's stamps look like: its dialect, as far as the law needs it. Many checkers share and borrow it. */
struct ts_reply_rule {
	struct ts_stamp_format stamp; /* kind and strftime text */
	/* Texts of strftime that will do as well, where not all is known; as far as the first empty one. */
	struct ts_stamp_format also[TS_REPLY_ALSO];
	int32_t zone_s; /* for texts without a zone */
	char separator[TS_SEPARATOR_MAX + 1];
	size_t n_separator;
	bool check_time;      /* false: any readable time will do (tsload --verify=format skips the window) */
	int64_t tolerance_ns; /* beyond the text's own resolution; for clocks that differ */
};

enum ts_reply_verdict {
	TS_REPLY_LEGAL = 0,   /* so far; look at `matched` for how much of I has been answered */
	TS_REPLY_NO_BRACKET,  /* a stamp had to begin here and did not */
	TS_REPLY_BAD_TIME,    /* between the brackets stands no time of the dialect */
	TS_REPLY_STALE_TIME,  /* a time before the input was sent, or one that went back on this connection */
	TS_REPLY_FUTURE_TIME, /* a time after the output was read */
	TS_REPLY_BAD_SEPARATOR,
	TS_REPLY_EMPTY_CHUNK, /* a stamp follows a stamp, or ends the output */
	TS_REPLY_WRONG_DATA,  /* a byte that is neither the next of I nor the start of a stamp */
	TS_REPLY_EXCESS,      /* bytes after all of I has been answered */
	TS_REPLY_SHORT        /* only from ts_reply_end: output ended with input unanswered */
};

/* Read a time text as the rule says; as ts_stamp_read. */
int ts_reply_read_time(const struct ts_reply_rule *rule, struct ts_stamp *stamp, const char *text, size_t n);

const char *ts_reply_verdict_text(enum ts_reply_verdict verdict); /* a sentence's worth, static */

/*
 * Alternatives followed at once. They differ only where the data holds text that is itself a valid stamp of this very
 * moment, and those that cannot be true die within a few bytes. Where more would live (long rows of forged current
 * stamps), those that have matched least of I are dropped: an illegal output is never accepted for it, and a dropped
 * alternative comes back by forking again as long as the row lasts.
 */
#define TS_REPLY_WAYS 24

#define TS_REPLY_STAMP_MAX (TS_STAMP_MAX + 1 + TS_SEPARATOR_MAX) /* bytes of the longest "[time]separator" */

struct ts_reply_ways; /* private: the alternatives */

/*
 * One stream's checker: 192 bytes, three cache lines, one for each connection of a load generator. It has no storage
 * for alternatives: that is allocated only if a feed ends while there are two or more. (Out of memory: the furthest is
 * kept.)
 */
struct ts_reply {
	uint64_t matched;  /* bytes of I answered by the furthest alternative that stands in data */
	uint64_t read;     /* bytes of O consumed */
	uint32_t n_stamps; /* seen so far: reported, never judged */
	uint8_t n_held;    /* private: bytes of O at the end of which it is not known yet what they are, in `text` */
	uint8_t n_memo;    /* private: or else the bytes of the last stamp, in `text` */
	uint8_t state;     /* private: where in P(t) or in data; are the held bytes good as data */
	uint8_t verdict;   /* enum ts_reply_verdict, sticky */
	int64_t last_stamp_ns; /* of this connection, so that time does not go back; INT64_MIN at first */
	int64_t memo_resolution_ns;
	struct ts_reply_ways *ways;    /* owned, released by ts_reply_release */
	char text[TS_REPLY_STAMP_MAX]; /* private */
};

void ts_reply_init(struct ts_reply *r);
void ts_reply_release(struct ts_reply *r);

/* Forget the conversation, keep last_stamp_ns and the storage: before the next message of a lock-step client. */
void ts_reply_next(struct ts_reply *r);

/*
 * Judge n_out more bytes of O. `in` holds the input from the offset on that ts_reply_base returned before the call,
 * n_in bytes of it: all that has been sent and not answered so far. [sent_ns, read_ns] is the window for
 * stamps (wall clock): when the oldest byte of `in` was sent, and now.
 * Returns the verdict; once it is not LEGAL it stays, and `matched` and `read` end before the first wrong byte.
 * Cost: about a memcmp of n_out, and one stamp reading per stamp. A stamp whose bytes equal the previous stamp's is not
 * read again.
 */
enum ts_reply_verdict ts_reply_feed(struct ts_reply *r, const struct ts_reply_rule *rule, const char *in, size_t n_in,
                                    const char *out, size_t n_out, int64_t sent_ns, int64_t read_ns);

/*
 * In lock-step, between messages: the bytes of the stamp that the last reply on this connection had, if `out` begins
 * with it again, more follows, and its time is in the window once more; else 0. For callers that know their message
 * without having its bytes in memory: if what follows is all of a message with no '[' in it, then the reply is legal
 * and complete with one stamp, and ts_reply_feed and ts_reply_next would leave the checker as it is.
 */
size_t ts_reply_stamp_again(const struct ts_reply *r, const struct ts_reply_rule *rule, const char *out, size_t n_out,
                            int64_t sent_ns, int64_t read_ns);

/* The smallest offset of I that any alternative still needs. */
uint64_t ts_reply_base(const struct ts_reply *r);

/* Is all of an input of n_total bytes answered, with no stamp half read? (An alternative stands in data at its end.) */
bool ts_reply_complete(const struct ts_reply *r, uint64_t n_total);

/* The output has ended, and the input had n_total bytes: the last verdict. */
enum ts_reply_verdict ts_reply_end(struct ts_reply *r, uint64_t n_total);

/*
 * One datagram's reply: O = P(t) I, exactly once. The same verdicts; TS_REPLY_SHORT when data is missing at the end.
 * *stamp_ns (or NULL) receives its instant. Stateless.
 */
enum ts_reply_verdict ts_reply_datagram(const struct ts_reply_rule *rule, const char *in, size_t n_in, const char *out,
                                        size_t n_out, int64_t sent_ns, int64_t read_ns, int64_t *stamp_ns);

/*
 * Learn the rule from a first reply to known data without brackets: find '[', a readable time, ']' and the separator.
 * Fills `rule` (zone guessed against now_ns) and *stamp. Returns 0, or -EINVAL with *why, a static sentence that names
 * what is there instead (docs/protocol.md, "Servers in the wild"): no brackets, parentheses, stamp after the data, ...
 * `out` is a whole first reply, n_in >= 1. A zone that cannot be guessed (the time is plainly wrong) is left at 0, so
 * that the window finds it; check_time is set, the tolerance is 0.
 */
int ts_reply_learn(struct ts_reply_rule *rule, struct ts_stamp *stamp, const char *in, size_t n_in, const char *out,
                   size_t n_out, int64_t now_ns, const char **why);

/*
 * So many of the n bytes may be a separator: blanks and punctuation. Letters and digits (of ASCII, or in UTF-8 those of
 * other scripts), square brackets, and control characters that are no blanks, are none.
 */
size_t ts_reply_separator_max(const char *text, size_t n);

#endif
