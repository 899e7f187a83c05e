/* The command that repeats a finding, as a shell takes it. */
#include "output.h"
#include "shell_quote.h"
#include "ts_clock.h"
#include <stdlib.h>
#include <string.h>

#define SHELL_SPECIAL " \t\n\"'`$&|;<>()*?#~!\\"

/* An option and its value, as a shell takes it; NULL: it was not given. */
static void print_word(FILE *out, const char *option, const char *value)
{
	char *quoted = value ? shell_quote(value) : NULL;

	if (quoted)
		fprintf(out, "%s%s", option, quoted);
	free(quoted);
}

/* The same of a choice; the first, which is auto, was not stated. */
static void print_choice(FILE *out, const char *option, const char *choices, int index)
{
	char word[32];

	if (index > 0)
		fprintf(out, "%s%s", option, ts_opt_choice_word(choices, index, word, sizeof(word)));
}

/* As it was stated: what was found by the probe is found again. */
static void print_dialect(FILE *out, const struct options *o)
{
	print_choice(out, " --framing=", CHOICES_FRAMING, o->framing);
	print_word(out, " --time=", strcmp(o->time, "auto") != 0 ? o->time : NULL);
	print_word(out, " --separator=", strcmp(o->separator, "auto") != 0 ? o->separator : NULL);
	print_choice(out, " --session=", CHOICES_SESSION, o->session);
	print_choice(out, " --concurrency=", CHOICES_CONCURRENCY, o->concurrency);
	print_choice(out, " --empty-datagram=", CHOICES_EMPTY, o->empty_datagram);
}

/* Alone, its case would not meet what only the probe of a whole run has met. */
static void print_which(FILE *out, const struct report *report, const struct result *r)
{
	const char *id = r->seen_in ? r->seen_in->id : r->row->id;

	if (!r->met)
		fprintf(out, " --only=%s", id);
	if (strcmp(id, "stream.random") == 0)
		fprintf(out, " --seed=%llu --cases=%lld", (unsigned long long)r->seed,
		        (long long)report->subject->options->n_random_cases);
}

char *output_again(const struct report *report, const struct result *r)
{
	const struct options *o = report->subject->options;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	fputs("tsconform", out);
	print_which(out, report, r);
	print_dialect(out, o);
	if (o->timeout_ns != OPTIONS_TIMEOUT_NS)
		fprintf(out, " --timeout=%lldms", (long long)(o->timeout_ns / TS_MS));
	if (o->strict)
		fputs(" --strict", out);
	if (o->text)
		fputs(" --text", out);
	if (o->words)
		fputs(" --words", out);
	print_word(out, " --client ", o->client);
	print_word(out, " --exec ", o->exec);
	if (strpbrk(report->subject->uri, SHELL_SPECIAL))
		print_word(out, " ", report->subject->uri);
	else
		fprintf(out, " %s", report->subject->uri);
	fclose(out);
	return text;
}
