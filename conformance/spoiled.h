/*
 * Where a reply leaves the law, and what stands there: for sentences about it. Pure; all texts are borrowed. It follows
 * stamps and data as they come, and needs no more of the output than its first bytes.
 */
#ifndef SPOILED_H
#define SPOILED_H

#include "ts_reply.h"
#include <stdbool.h>
#include <stddef.h>

struct spoiled {
	size_t matched;   /* bytes of the input that came back before the first wrong byte, */
	size_t chunk;     /* and of these, how many stood before the last stamp, */
	size_t before;    /* and before the last but one */
	const char *data; /* what follows that stamp, wrong bytes and all, up to the next stamp */
	size_t n_data;
	const char *rest; /* from the first wrong byte on; */
	size_t n_rest;    /* 0: there is none in what was seen */
};

void spoiled_find(struct spoiled *s, const struct ts_reply_rule *rule, const char *in, size_t n_in, const char *out,
                  size_t n_out);

/* All of the input was answered, and what follows is the reply once more. */
bool spoiled_comes_twice(const struct spoiled *s, const struct ts_reply_rule *rule, const char *in, size_t n_in);

/* Is it the reply to the end of what was told, once more? n_told: before the input that was not answered yet. */
bool spoiled_is_again(const struct spoiled *s, const char *told, size_t n_told);

/* Is it the reply to the chunk before, once more? */
bool spoiled_is_chunk_again(const struct spoiled *s, const struct ts_reply_rule *rule, const char *in, size_t n_in);

/* Does a reply to all of this input stand behind the wrong bytes? */
bool spoiled_is_before(const struct spoiled *s, const struct ts_reply_rule *rule, const char *in, size_t n_in);

/* Behind the last stamp stands all that was told, n_before bytes of it before the input that was not answered yet?
 * `told` holds its first n_told bytes. */
bool spoiled_has_all(const struct spoiled *s, const char *told, size_t n_told, size_t n_before);

/* All of the input was answered, and bytes follow that are no stamp. */
bool spoiled_goes_on(const struct spoiled *s, size_t n_in);

/* Do the wrong bytes, as far as the next bracket, stand in this text? Two bytes at least. */
bool spoiled_is_from(const struct spoiled *s, const char *text, size_t n);

#endif
