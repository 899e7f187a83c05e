#include "command.h"
#include "document.h"
#include "ts_json.h"
#include "ts_opt.h"
#include <stdio.h>
#include <string.h>

static const struct ts_opt options[] = {{.type = TS_OPT_END}};

static const struct ts_opt_program program = {
        .name = "tsreport rows",
        .operands = "FILE PLACE FIELD...",
        .min_operands = 3,
        .max_operands = 64,
        .summary = "print parts of a result file as tab separated rows, for scripts",
        .details = "PLACE is where the array is (\".\" is the document itself); each of its items gives one row of the "
                   "FIELDs; anything "
                   "but an array gives one row. Unknown, null and missing are \"-\"; tabs and line ends in texts "
                   "become spaces.\n"
                   "  tsreport rows modes.json modes name concurrent\n"
                   "  tsreport rows result.json . validity.verdict \"validity.reasons[0]\"\n",
        .options = options,
};

static void print_value(const cJSON *value)
{
	if (cJSON_IsString(value) && value->valuestring[0])
		for (const char *p = value->valuestring; *p; p++)
			putchar(strchr("\t\r\n", *p) ? ' ' : *p);
	else if (cJSON_IsNumber(value))
		printf("%.15g", value->valuedouble);
	else if (cJSON_IsBool(value))
		fputs(cJSON_IsTrue(value) ? "true" : "false", stdout);
	else if (cJSON_IsArray(value)) {
		const cJSON *item;

		cJSON_ArrayForEach (item, value) {
			if (item != value->child)
				putchar(',');
			print_value(item);
		}
	} else
		putchar('-');
}

static void print_row(const cJSON *item, const struct ts_opt_list *operands)
{
	for (size_t i = 2; i < operands->n; i++) {
		if (i > 2)
			putchar('\t');
		print_value(ts_json_at(item, operands->items[i]));
	}
	putchar('\n');
}

int command_rows(int argc, char **argv, const struct ts_log *log)
{
	struct ts_opt_list operands = {0};
	struct ts_err err = {0};
	cJSON *root = NULL;
	const cJSON *place, *item;
	int rc = ts_opt_parse(&program, argc, argv, NULL, &operands, NULL, &err);

	if (rc == 0 && !(root = document_load(operands.items[0], NULL, &err)))
		rc = -1;
	if (rc == 0) {
		place = strcmp(operands.items[1], ".") == 0 ? root : ts_json_at(root, operands.items[1]);
		if (cJSON_IsArray(place))
			cJSON_ArrayForEach (item, place)
				print_row(item, &operands);
		else
			print_row(place, &operands);
	}
	cJSON_Delete(root);
	ts_opt_list_release(&operands);
	return rc < 0 ? ts_log_fail(log, &err) : TS_EXIT_OK;
}
