#include "report.h"

int report_open(struct report *r, const struct ts_opt_program *program, int argc, char **argv, void *settings,
                struct ts_err *err)
{
	int rc = ts_opt_parse(program, argc, argv, settings, &r->operands, NULL, err);

	if (rc == 0)
		rc = runset_load(&r->set, r->operands.items, r->operands.n, err);
	if (rc == 0)
		rc = summary_make(&r->summary, &r->set, err);
	return rc;
}

void report_release(struct report *r)
{
	summary_release(&r->summary);
	runset_release(&r->set);
	ts_opt_list_release(&r->operands);
}
