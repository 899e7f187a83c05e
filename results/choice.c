#include "choice.h"
#include "lead.h"
#include "show.h"
#include "svg.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_SIZE 1200
#define MANY_OPEN  1000 /* connections: with fewer the event loops hardly differ */

/* How often a mode is among the best, where the modes can be told apart at all. */
struct tally {
	size_t *wins, n_leads;
};

static void count_wins(struct tally *tally, const struct lead *lead)
{
	if (lead->n_level == lead->n)
		return;
	tally->n_leads++;
	for (size_t i = 0; i < lead->n_level; i++)
		tally->wins[lead->modes[i]]++;
}

/* "uring and reactors", or "any of ..." where too many are level to speak of a lead. */
static void write_best(FILE *out, const struct summary *s, const struct lead *lead)
{
	char names[NAMES_SIZE];

	if (!lead_is_clear(lead) && lead->n_level == lead->n)
		fputs("any", out);
	else if (!lead_is_clear(lead))
		fputs("any of ", out);
	if (lead_is_clear(lead) || lead->n_level < lead->n)
		svg_escape(out, lead_names(lead, s, names, sizeof(names)));
}

/* How many trials the thinner of two cells has. */
static size_t trials_of(const struct summary *s, const struct lead *lead, size_t w)
{
	size_t least = summary_cell(s, lead->modes[0], w)->n_ok;

	if (lead->n_level < lead->n && summary_cell(s, lead->modes[lead->n_level], w)->n_ok < least)
		least = summary_cell(s, lead->modes[lead->n_level], w)->n_ok;
	return least;
}

static void write_sureness(FILE *out, const struct summary *s, const struct lead *lead, size_t w)
{
	size_t n_trials = trials_of(s, lead, w);

	if (lead->n_level == lead->n) {
		fprintf(out, "<b>open</b>: no difference beyond the noise of %zu trial%s", n_trials,
		        n_trials == 1 ? "" : "s");
		return;
	}
	fprintf(out, "<b>%s</b>: ", lead_is_clear(lead) ? "sure" : "a field");
	svg_escape(out, s->set->modes[lead->modes[lead->n_level]].name);
	fprintf(out, ", the next, is behind by a factor of %.2f (95 %%: %.2f to %.2f, %zu trials)", lead->ratio.value,
	        lead->ratio.low, lead->ratio.high, n_trials);
}

/* Those that left clients without an answer, or answered wrongly: not to be chosen, however fast they are. */
static void write_unfit(FILE *out, const struct summary *s, size_t w)
{
	size_t n = 0;
	char text[SHOW_MAX];

	for (size_t m = 0; m < s->set->n_modes; m++) {
		const struct cell *cell = summary_cell(s, m, w);
		bool unable = cell->n_trials > 0 && cell->n_ok == 0;

		if (!unable && !(cell->n_ok > 0 && summary_unfit(cell)))
			continue;
		fputs(n++ ? ", " : "", out);
		svg_escape(out, s->set->modes[m].name);
		if (unable)
			fprintf(out, " (%s)", trial_status_text(cell->worst->status));
		else
			fprintf(out, " (%s)", show_unfit(cell, text, sizeof(text)));
	}
	if (n == 0)
		fputc('-', out);
}

/* On a phone each row is a block, and each cell of it says what it is. */
static const char *const titles[] = {
        "for", "choose", "it reaches", "how sure", "least processor time", "not to be chosen"};

static void begin_cell(FILE *out, size_t column)
{
	fprintf(out, "%s<td role=\"cell\" data-label=\"%s\">", column > 1 ? "</td>" : "", titles[column]);
}

/* The cheapest and their price; and the price of the chosen, where that is another. */
static void write_cost(FILE *out, const struct summary *s, size_t w, const struct lead *main, const struct lead *cost)
{
	char value[SHOW_MAX];
	double chosen = summary_cell(s, main->modes[0], w)->figures[FIGURE_CPU].value;

	if (cost->n == 0) {
		fputc('-', out);
		return;
	}
	write_best(out, s, cost);
	show_figure(FIGURE_CPU, summary_cell(s, cost->modes[0], w)->figures[FIGURE_CPU].value, value, sizeof(value));
	fprintf(out, " (%s)", value);
	for (size_t i = 0; i < cost->n_level; i++)
		if (cost->modes[i] == main->modes[0])
			return;
	if (isnan(chosen))
		return;
	fputs("; ", out);
	svg_escape(out, s->set->modes[main->modes[0]].name);
	fprintf(out, " takes %s", show_figure(FIGURE_CPU, chosen, value, sizeof(value)));
}

static void write_row(FILE *out, const struct summary *s, size_t w, const struct lead *main, const struct lead *cost)
{
	const struct workload *workload = &s->set->workloads[w];
	enum figure figure = workload->open_loop ? FIGURE_P99 : FIGURE_RATE;
	char value[SHOW_MAX];

	fputs("<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">", out);
	svg_escape(out, workload->title);
	fputs(" <span class=\"id\">", out);
	svg_escape(out, workload->id);
	fputs("</span></th>", out);
	begin_cell(out, 1);
	write_best(out, s, main);
	begin_cell(out, 2);
	show_figure(figure, summary_cell(s, main->modes[0], w)->figures[figure].value, value, sizeof(value));
	fprintf(out, "%s%s%s", workload->open_loop ? "p99 " : "", value, workload->open_loop ? "" : " a second");
	begin_cell(out, 3);
	write_sureness(out, s, main, w);
	begin_cell(out, 4);
	write_cost(out, s, w, main, cost);
	begin_cell(out, 5);
	write_unfit(out, s, w);
	fputs("</td></tr>\n", out);
}

static int write_workload(FILE *out, const struct summary *s, size_t w, struct tally *tally)
{
	bool open_loop = s->set->workloads[w].open_loop;
	struct lead main = {0}, cost = {0};
	int rc = lead_find(&main, s, w, open_loop ? FIGURE_P99 : FIGURE_RATE);

	if (rc == 0)
		rc = lead_find(&cost, s, w, FIGURE_CPU);
	if (rc == 0 && main.n > 1) {
		write_row(out, s, w, &main, &cost);
		count_wins(tally, &main);
		count_wins(tally, &cost);
	}
	lead_release(&main);
	lead_release(&cost);
	return rc;
}

/* What the names mean. */
static void write_modes(FILE *out, const struct runset *set)
{
	fputs("<details><summary>What the modes are</summary>\n<dl>\n", out);
	for (size_t m = 0; m < set->n_modes; m++) {
		fputs("<dt>", out);
		svg_escape(out, set->modes[m].name);
		fputs("</dt><dd>", out);
		svg_escape(out, set->modes[m].summary);
		fputs("</dd>\n", out);
	}
	fputs("</dl>\n</details>\n", out);
}

/* The most connections that any workload had open at once. */
static double most_open(const struct summary *s)
{
	double most = 0;

	for (size_t i = 0; i < s->set->n_modes * s->set->n_workloads; i++)
		most = fmax(most, s->cells[i].figures[FIGURE_PEAK_OPEN].value); /* passes over NaN */
	return most;
}

/* Who would do for all of it: the modes that are among the best most often, and those with the next most. */
static void write_tally(FILE *out, const struct summary *s, const struct tally *tally)
{
	size_t most = 0, n_named = 0;

	for (size_t m = 0; m < s->set->n_modes; m++)
		most = tally->wins[m] > most ? tally->wins[m] : most;
	for (size_t wins = most; wins > 0 && n_named < 3; wins--)
		for (size_t m = 0; m < s->set->n_modes; m++) {
			if (tally->wins[m] != wins)
				continue;
			fputs(n_named++ ? ", " : "<p><b>One mode for all of it</b>, the most often among the best: ",
			      out);
			svg_escape(out, s->set->modes[m].name);
			fprintf(out, " (%zu of %zu)", wins, tally->n_leads);
		}
	if (n_named == 0)
		return;
	fputs(". Counted are both choices of each row, \"choose\" and \"least processor time\", where the modes can be "
	      "told "
	      "apart.",
	      out);
	if (most_open(s) < MANY_OPEN)
		fprintf(out,
		        " No workload of this run had more than %.0f connections open at once: what thousands of them "
		        "do to "
		        "a mode, where select ends and poll bends, is in <code>make bench SUITE=full</code>.",
		        most_open(s));
	fputs("</p>\n", out);
}

static const char head[] =
        "<h3 id=\"choice\">Which mode for what</h3>\n"
        "<p><b>Sure</b>: those that are named lead beyond the noise of this kind of machine and of these trials; among "
        "themselves they cannot be told apart. <b>A field</b>: so many are level that nobody leads, but the rest is "
        "behind. <b>Open</b>: these trials tell nobody apart; any mode will do, or more trials are needed.</p>\n"
        "<div class=\"wide whole\" role=\"region\" aria-labelledby=\"choice\" tabindex=\"0\">\n"
        "<table class=\"choice\" role=\"table\">\n<thead role=\"rowgroup\"><tr role=\"row\">";

static void write_head(FILE *out)
{
	fputs(head, out);
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		fprintf(out, "<th role=\"columnheader\" scope=\"col\">%s</th>", titles[i]);
	fputs("</tr></thead>\n<tbody role=\"rowgroup\">\n", out);
}

/* Of a series the last point speaks: the most idle connections, the largest messages. */
static bool has_row(const struct runset *set, size_t w)
{
	for (size_t i = w + 1; set->workloads[w].group[0] && i < set->n_workloads; i++)
		if (strcmp(set->workloads[i].group, set->workloads[w].group) == 0)
			return false;
	return true;
}

static int write_rows(FILE *out, const struct summary *s, struct tally *tally)
{
	int rc = 0;

	for (size_t w = 0; w < s->set->n_workloads && rc == 0; w++)
		if (has_row(s->set, w))
			rc = write_workload(out, s, w, tally);
	return rc;
}

int choice_write(FILE *out, const struct summary *s, struct ts_err *err)
{
	struct tally tally = {.wins = calloc(s->set->n_modes + 1, sizeof(size_t))};
	char *rows = NULL;
	size_t n = 0;
	FILE *memory = open_memstream(&rows, &n);
	int rc = tally.wins && memory ? write_rows(memory, s, &tally) : -ENOMEM;

	if (memory && fclose(memory) != 0)
		rc = -ENOMEM;
	if (rc == 0 && n > 0) {
		write_head(out);
		fputs(rows, out);
		fputs("</tbody>\n</table>\n</div>\n", out);
		write_tally(out, s, &tally);
		write_modes(out, s->set);
	}
	free(rows);
	free(tally.wins);
	return rc < 0 ? ts_err_set(err, ENOMEM, "no memory for the page") : 0;
}
