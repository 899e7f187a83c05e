/* Rows that contradict themselves stop the program at its first start, after git's parse_options_check. */
#include "ts_log.h"
#include "ts_opt_inside.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *fault_of_value(const struct ts_opt *row)
{
	bool ranged = ts_opt_type_has_range(row->type);

	if ((row->min != NULL || row->max != NULL) && !ranged)
		return "only numbers have a range";
	if (row->min != NULL && !ts_opt_value_ordered(row->type, row->min, row->min))
		return "its min is no such value";
	if (row->max != NULL && !ts_opt_value_ordered(row->type, row->max, row->max))
		return "its max is no such value";
	if (row->min != NULL && row->max != NULL && !ts_opt_value_ordered(row->type, row->min, row->max))
		return "its min is above its max";
	if ((row->choices != NULL) != (row->type == TS_OPT_CHOICE))
		return "choices and TS_OPT_CHOICE go together";
	return NULL;
}

static const char *fault_of_row(const struct ts_opt *row)
{
	if (row->help == NULL || row->help[0] == '\0')
		return "has no help";
	if (!ts_opt_is_option(row))
		return NULL;
	if (row->name == NULL || !islower((unsigned char)row->name[0]))
		return "needs a name without dashes before it";
	if (row->key != 0 && (row->key > 127 || !isalnum(row->key)))
		return "its key is no letter";
	if (row->type == TS_OPT_FLAG && (row->arg != NULL || row->fallback != NULL || row->check != NULL))
		return "a flag has no value, no default and no check";
	if (row->type != TS_OPT_FLAG && row->type != TS_OPT_CHOICE && row->arg == NULL)
		return "needs a name for its value";
	return fault_of_value(row);
}

static const char *fault_of_pair(const struct ts_opt *a, const struct ts_opt *b)
{
	if (strcmp(a->name, b->name) == 0)
		return "two rows have this name";
	if (a->key != 0 && a->key == b->key)
		return "another row has its key";
	if (a->offset == b->offset && (a->type != b->type || (a->fallback != NULL && b->fallback != NULL)))
		return "another row has its field (offset), with another type or another default";
	return NULL;
}

_Noreturn void ts_opt_refuse(const struct ts_opt_program *program, const struct ts_opt *row, const char *fault)
{
	const struct ts_log log = {.program = program->name, .level = TS_LOG_ERROR};

	ts_log(&log, TS_LOG_ERROR, "the option table contradicts itself: row \"%s\": %s",
	       row->name != NULL ? row->name : row->help, fault);
	abort();
}

static bool is_reserved(const char *name)
{
	for (const struct ts_opt *row = ts_opt_common; row->type != TS_OPT_END; row++)
		if (row->name != NULL && strcmp(row->name, name) == 0)
			return true;
	return strcmp(name, "dump-options") == 0;
}

void ts_opt_check(const struct ts_opt_program *program)
{
	const struct ts_opt operands = {.name = "(operands)"};

	if (program->min_operands > program->max_operands || (program->operands != NULL) != (program->max_operands > 0))
		ts_opt_refuse(program, &operands, "must have a name exactly if some are taken, and min at most max");
	for (const struct ts_opt *row = program->options; row->type != TS_OPT_END; row++) {
		const char *fault = fault_of_row(row);

		if (fault == NULL && ts_opt_is_option(row) && is_reserved(row->name))
			fault = "every program has it already";
		for (const struct ts_opt *other = program->options; fault == NULL && other != row; other++)
			if (ts_opt_is_option(row) && ts_opt_is_option(other))
				fault = fault_of_pair(row, other);
		if (fault != NULL)
			ts_opt_refuse(program, row, fault);
	}
}
