#include "compare_machine.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define RESAMPLES    1000
#define LEAST_PAIRS  9    /* fewer tell nothing of the machine */
#define RATE_REACH   0.10 /* rates that differ by less are the same */
#define RATE_REACHED 0.99 /* of the rate that was asked for */

bool compare_same_rate(const struct cell *base, const struct cell *head)
{
	double ratio = head->figures[FIGURE_OFFERED].value / base->figures[FIGURE_OFFERED].value;

	return fabs(log(ratio)) <= log1p(RATE_REACH);
}

static bool kept_up(const struct cell *cell)
{
	return cell->figures[FIGURE_ACHIEVED].value >= RATE_REACHED;
}

/* The generator's price of a request in the trials of a cell that both runs have, pair by pair. */
static size_t add_pairs(const struct summary *base, const struct cell *a, const struct summary *head, double *x,
                        double *y)
{
	const char *mode = base->set->modes[a->mode].name, *workload = base->set->workloads[a->workload].id;
	const struct cell *b = summary_find(head, mode, workload);
	size_t n, m;

	if (!b || !base->set->workloads[a->workload].open_loop || !compare_same_rate(a, b) || !kept_up(a) ||
	    !kept_up(b))
		return 0;
	n = summary_values(base, a, FIGURE_GENERATOR, x);
	m = summary_values(head, b, FIGURE_GENERATOR, y);
	return n < m ? n : m;
}

int compare_machine_measure(struct compare_machine *machine, const struct summary *base, const struct summary *head,
                            bool as_measured, struct ts_random *random, struct ts_err *err)
{
	size_t n_cells = base->set->n_modes * base->set->n_workloads;
	double *x = calloc(base->set->n_trials + 1, sizeof(*x)), *y = calloc(head->set->n_trials + 1, sizeof(*y));

	*machine = (struct compare_machine){.ratio = {NAN, NAN, NAN}};
	for (size_t i = 0; x && y && i < n_cells; i++)
		machine->n_pairs += add_pairs(base, &base->cells[i], head, x + machine->n_pairs, y + machine->n_pairs);
	if (x && y && machine->n_pairs >= LEAST_PAIRS)
		machine->ratio = ts_stats_ratio_ci(x, y, machine->n_pairs, RESAMPLES, random);
	machine->applied = !as_measured && (machine->ratio.low > 1 || machine->ratio.high < 1);
	free(x);
	free(y);
	return x && y ? 0 : ts_err_set(err, ENOMEM, "no memory for the comparison");
}

double compare_machine_reach(const struct compare_machine *machine)
{
	const struct ts_interval *r = &machine->ratio;

	return fmax(log(r->high / r->value), log(r->value / r->low));
}
