#include "spoiled.h"
#include <string.h>

#define TELLING 8 /* so many bytes tell where they come from */

/* The bytes of the stamp with its separator that stands at the beginning of this output, or 0. */
static size_t n_stamp(const struct ts_reply_rule *rule, const char *out, size_t n)
{
	const char *close = n > 1 && out[0] == '[' ? memchr(out, ']', n) : NULL;
	size_t n_text = close ? (size_t)(close - out) - 1 : 0;
	struct ts_stamp stamp;

	if (!close || n - n_text - 2 < rule->n_separator || memcmp(close + 1, rule->separator, rule->n_separator) != 0)
		return 0;
	return ts_reply_read_time(rule, &stamp, out + 1, n_text) < 0 ? 0 : n_text + 2 + rule->n_separator;
}

static size_t n_before_bracket(const char *text, size_t n)
{
	const char *bracket = n > 0 ? memchr(text, '[', n) : NULL;

	return bracket ? (size_t)(bracket - text) : n;
}

static size_t n_before_stamp(const struct ts_reply_rule *rule, const char *text, size_t n)
{
	size_t at = n_before_bracket(text, n);

	while (at < n && n_stamp(rule, text + at, n - at) == 0)
		at += 1 + n_before_bracket(text + at + 1, n - at - 1);
	return at;
}

void spoiled_find(struct spoiled *s, const struct ts_reply_rule *rule, const char *in, size_t n_in, const char *out,
                  size_t n_out)
{
	size_t at = 0, n;

	*s = (struct spoiled){.data = out};
	while (s->matched < n_in && (n = n_stamp(rule, out + at, n_out - at)) > 0) {
		at += n;
		s->before = s->chunk;
		s->chunk = s->matched;
		s->data = out + at;
		for (; at < n_out && s->matched < n_in && out[at] == in[s->matched]; at++)
			s->matched++;
	}
	s->rest = out + at;
	s->n_rest = n_out - at;
	s->n_data = (size_t)(s->rest - s->data) + n_before_stamp(rule, s->rest, s->n_rest);
}

bool spoiled_comes_twice(const struct spoiled *s, const struct ts_reply_rule *rule, const char *in, size_t n_in)
{
	size_t n = s->matched == n_in ? n_stamp(rule, s->rest, s->n_rest) : 0;

	return n > 0 && n_in > 0 && s->n_rest - n >= n_in && memcmp(s->rest + n, in, n_in) == 0;
}

bool spoiled_is_again(const struct spoiled *s, const char *told, size_t n_told)
{
	size_t n = s->n_data;

	return s->n_rest > 0 && s->rest == s->data && n > 1 && n <= n_told &&
	       memcmp(told + n_told - n, s->data, n) == 0;
}

bool spoiled_is_chunk_again(const struct spoiled *s, const struct ts_reply_rule *rule, const char *in, size_t n_in)
{
	const size_t n = s->chunk - s->before;
	const char *next = s->data + s->n_data, *end = s->rest + s->n_rest;

	if (n == 0 || s->n_rest == 0 || s->n_data != n || memcmp(s->data, in + s->before, n) != 0)
		return false;
	size_t n_head = n_stamp(rule, next, (size_t)(end - next));
	bool goes_on = n_head > 0 && s->chunk < n_in && next + n_head < end && next[n_head] == in[s->chunk];
	return goes_on || n > 1; /* a single byte may be alike by chance */
}

bool spoiled_is_before(const struct spoiled *s, const struct ts_reply_rule *rule, const char *in, size_t n_in)
{
	const char *at = s->rest, *end = s->rest + s->n_rest;

	while (n_in > 0 && (at += n_before_stamp(rule, at, (size_t)(end - at))) < end) {
		at += n_stamp(rule, at, (size_t)(end - at));
		if ((size_t)(end - at) >= n_in && memcmp(at, in, n_in) == 0)
			return true;
	}
	return false;
}

bool spoiled_has_all(const struct spoiled *s, const char *told, size_t n_told, size_t n_before)
{
	size_t n = s->n_data < n_told ? s->n_data : n_told;
	size_t n_earlier = n_before + s->chunk;
	bool goes_on = n > n_earlier || (n == n_told && n_earlier >= n_told); /* else it is an earlier reply */

	return goes_on && n_earlier > 0 && s->n_rest > 0 && n > 1 && memcmp(s->data, told, n) == 0;
}

bool spoiled_goes_on(const struct spoiled *s, size_t n_in)
{
	return s->matched == n_in && s->n_rest > 0 && s->rest[0] != '[';
}

bool spoiled_is_from(const struct spoiled *s, const char *text, size_t n)
{
	size_t n_wrong = n_before_bracket(s->rest, s->n_rest);

	n_wrong = n_wrong < TELLING ? n_wrong : TELLING;
	return n_wrong > 1 && memmem(text, n, s->rest, n_wrong);
}
