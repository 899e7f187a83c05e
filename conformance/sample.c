#include "sample.h"
#include <stdio.h>
#include <string.h>

bool sampled(const struct turn *t)
{
	return !t->subject->dialect.known && t->subject->dialect.n_sample > 0;
}

void sample_show(struct turn *t, const char *expected)
{
	const struct dialect *d = &t->subject->dialect;

	t->of_probe = true;
	snprintf(t->expected, sizeof(t->expected), "%s", expected);
	if (d->n_sample > 0)
		trace_quote(d->sample, d->n_sample, t->actual, sizeof(t->actual));
}

bool sample_lacks_bracket(struct turn *t)
{
	const bool lacks = t->subject->dialect.sample[0] != '[';

	if (lacks)
		turn_skip(t, "the reply does not begin with [");
	return lacks;
}

const char *sample_data(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;
	const size_t n_end = strspn(d->sample_in + strcspn(d->sample_in, "\r\n"), "\r\n");
	const char *data = memmem(d->sample, d->n_sample, d->sample_in, d->n_sample_in - n_end);

	if (!data)
		turn_skip(t, "the data did not come back");
	return data;
}

bool sample_time(const struct turn *t, const char **text, size_t *n)
{
	const struct dialect *d = &t->subject->dialect;
	const char *open = memchr(d->sample, '[', d->n_sample);
	const char *close = open ? memchr(open, ']', d->n_sample - (size_t)(open - d->sample)) : NULL;

	if (!close)
		return false;
	*text = open + 1;
	*n = (size_t)(close - open - 1);
	return true;
}
