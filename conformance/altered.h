/* What became of a message, in its author's words: for replies that are against the law. */
#ifndef ALTERED_H
#define ALTERED_H

#include "ts_reply.h"
#include <stddef.h>

#define ALTERED_MAX 256 /* longer data is not looked at */

/* In what known way is `got` made of `sent`? A static sentence, or NULL: in none. */
const char *altered_how(const char *sent, size_t n_sent, const char *got, size_t n_got);

/* The same of the data in a reply of one stamp. */
const char *altered_reply(const struct ts_reply_rule *rule, const char *sent, size_t n_sent, const char *reply,
                          size_t n);

/* Are some of its bytes written as in code, in HTML or in a URL? A static sentence, or NULL. */
const char *altered_escaped(const char *sent, size_t n_sent, const char *got, size_t n_got);

/* Which bytes are meant, where they are few, and not meaningless letters? `: "\x80"
 * (not UTF-8)`, or "". */
const char *altered_which(const char *bytes, size_t n, char *text, size_t size);

/*
 * What became of sent[0], where got[0] came? "a byte of the data, "a", came back as "b"", or left out, or another put
 * before it, as what follows tells; or "", if there is nothing of one of them.
 */
char *altered_byte(const char *sent, size_t n_sent, const char *got, size_t n_got, char *text, size_t size);

/*
 * Data came that stands elsewhere in what was sent, and not after its first `from` bytes, as it had to: lost bytes, or
 * another order? got[0] is the first wrong byte. "" where that does not tell, or one byte is meant.
 */
char *altered_moved(const char *sent, size_t n_sent, size_t from, const char *got, size_t n_got, char *text,
                    size_t size);

/* All of the data came, and then more: n_more bytes that were seen of it, perhaps 0. */
const char *altered_more(const char *sent, size_t n_sent, const char *more, size_t n_more, char *text, size_t size);

/* What stands between the first brackets of this reply is no time of the server's kind: the text, and perhaps why; or
 * "". */
const char *altered_time_text(const char *reply, size_t n, int64_t now_ns, char *text, size_t size);

/* What stands behind the first ], where another separator was due: "" where that cannot be told from the data. */
const char *altered_separator(const struct ts_reply_rule *rule, const char *reply, size_t n, const char *data,
                              size_t n_data, char *text, size_t size);

/* What is known of a reply's moment, in ns since 1970. */
struct altered_moment {
	int64_t sent_ns, read_ns; /* its window */
	int64_t last_ns;          /* the time that the reply before it told, in its conversation; INT64_MIN: none did */
	int64_t first_ns, age_ns; /* the time that the server's very first reply told, and how long ago that came */
};

/*
 * In which way is the time of the first stamp of this reply wrong? "the time is 8 h ahead", "the time went back by 2
 * s", and whether it stands still; or, where none of that can be seen, "".
 */
const char *altered_time(const struct ts_reply_rule *rule, const char *reply, size_t n, const struct altered_moment *m,
                         char *text, size_t size);

#endif
