/*
 * The server's dialect, learned from the first reply of the run itself: no extra request is sent for it.
 *
 * One connection of the worker is the learner; its bytes are kept until its stamp can be read, then judged like any
 * others. Connections that are answered meanwhile do not read until then, which takes one reply. Pure.
 */
#ifndef LEARN_H
#define LEARN_H

#include "errors.h"
#include "ts_reply.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEARN_BYTES 512 /* a stamp, its separator and some data fit in this, or it is none */

struct client;

struct learner {
	struct client *client; /* borrowed; NULL: nobody is learning */
	size_t n;
	char bytes[LEARN_BYTES];
};

/* What the user has said of the dialect; the rest is learned. */
struct learn_stated {
	bool time, separator;         /* is it said? */
	struct ts_stamp_format stamp; /* of the time text: needed for strftime, whose texts nobody can guess */
	char separator_text[TS_SEPARATOR_MAX + 1];
};

/* What has come so far of a reply to `in`; `whole`: nothing more can come. Borrowed. */
struct learn_text {
	const char *in, *out;
	size_t n_in, n_out;
	bool whole;
};

/* Why it is no reply of the protocol: as the law would have it, and in a static sentence. */
struct learn_fault {
	enum ts_reply_verdict verdict;
	const char *why;
};

/* Try to learn from it. 0: rule is filled. -EAGAIN: more bytes are needed. -EINVAL: *fault says why not. */
int learn_rule(struct ts_reply_rule *rule, const struct learn_stated *stated, const struct learn_text *text,
               int64_t wall_ns, struct learn_fault *fault);

/* The reply that was learned from came to no end, which is an error of this class for its client, or (NULL) for all
 * who wait: keep what came of it as the example. */
void learn_example(const struct learner *l, struct errors *errors, enum error_class id, const struct client *c);

#endif
