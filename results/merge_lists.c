/* The lists of a result as one: errors by class, the series one run after the other, the reasons of all verdicts. */
#include "merge_inside.h"
#include "ts_json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* When part i begins, had the parts run one after the other. */
static double begin_s(const struct parts *p, size_t i)
{
	double sum = 0;

	for (size_t k = 0; k < i; k++) {
		const cJSON *series = ts_json_at(p->items[k], "series"), *interval;
		double duration_s = merge_duration_s(p->items[k]), end_s = isnan(duration_s) ? 0 : duration_s;

		cJSON_ArrayForEach (interval, series)
			end_s = fmax(end_s,
			             ts_json_real(interval, "at_s", 0) + ts_json_real(interval, "duration_s", 0));
		sum += end_s;
	}
	return sum;
}

static cJSON *entry_of_class(cJSON *errors, const char *class)
{
	cJSON *entry;

	cJSON_ArrayForEach (entry, errors)
		if (strcmp(ts_json_text(entry, "class", ""), class) == 0)
			return entry;
	return NULL;
}

static void replace_real(cJSON *object, const char *name, double value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	ts_json_add_real(object, name, value);
}

static void add_count(cJSON *entry, const cJSON *error, const char *name)
{
	replace_real(entry, name, ts_json_real(entry, name, 0) + ts_json_real(error, name, 0));
}

static void add_error(cJSON *errors, const cJSON *error, double offset_s)
{
	cJSON *entry = entry_of_class(errors, ts_json_text(error, "class", ""));
	double first_s = ts_json_real(error, "first_at_s", NAN) + offset_s;
	double last_s = ts_json_real(error, "last_at_s", NAN) + offset_s;

	if (!entry) {
		entry = cJSON_Duplicate(error, 1);
		cJSON_AddItemToArray(errors, entry);
		replace_real(entry, "first_at_s", first_s);
		replace_real(entry, "last_at_s", last_s);
		return;
	}
	add_count(entry, error, "count");
	add_count(entry, error, "warmup_count");
	replace_real(entry, "first_at_s", fmin(ts_json_real(entry, "first_at_s", NAN), first_s));
	replace_real(entry, "last_at_s", fmax(ts_json_real(entry, "last_at_s", NAN), last_s));
}

int merge_errors(cJSON *object, const char *name, const struct parts *p, const char *path, struct ts_err *err)
{
	cJSON *errors = ts_json_add_array(object, name);
	const cJSON *error;

	(void)err;
	for (size_t i = 0; i < p->n; i++)
		cJSON_ArrayForEach (error, ts_json_at(p->items[i], path))
			add_error(errors, error, begin_s(p, i));
	return 0;
}

int merge_series(cJSON *object, const char *name, const struct parts *p, const char *path, struct ts_err *err)
{
	cJSON *series = ts_json_add_array(object, name);
	const cJSON *interval;

	(void)err;
	for (size_t i = 0; i < p->n; i++) {
		double offset_s = begin_s(p, i);

		cJSON_ArrayForEach (interval, ts_json_at(p->items[i], path)) {
			cJSON *copy = cJSON_Duplicate(interval, 1);

			cJSON_SetNumberValue(cJSON_GetObjectItem(copy, "at_s"),
			                     offset_s + ts_json_real(interval, "at_s", 0));
			cJSON_AddItemToArray(series, copy);
		}
	}
	return 0;
}

/* As bad as the worst part, with the reasons of all. */
int merge_validity(cJSON *object, const char *name, const struct parts *p, const char *path, struct ts_err *err)
{
	static const char *const verdicts[] = {"valid", "suspect", "invalid"};
	cJSON *validity = ts_json_add_object(object, name), *reasons;
	const cJSON *reason;
	char text[512];
	int worst = 0;

	(void)err;
	for (size_t i = 0; i < p->n; i++)
		for (int v = worst + 1; v < 3; v++)
			if (strcmp(ts_json_text(ts_json_at(p->items[i], path), "verdict", ""), verdicts[v]) == 0)
				worst = v;
	ts_json_add_text(validity, "verdict", verdicts[worst]);
	reasons = ts_json_add_array(validity, "reasons");
	for (size_t i = 0; i < p->n; i++)
		cJSON_ArrayForEach (reason, ts_json_at(ts_json_at(p->items[i], path), "reasons")) {
			snprintf(text, sizeof(text), "%s: %s", p->names[i], cJSON_GetStringValue(reason));
			ts_json_add_text(reasons, NULL, text);
		}
	return 0;
}
