#include "merge.h"
#include "merge_inside.h"
#include "ts_json.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double merge_duration_s(const cJSON *part)
{
	double by_rate_s =
	        ts_json_real(part, "requests.completed", NAN) / ts_json_real(part, "throughput.requests_per_s", NAN);

	return ts_json_real(part, "throughput.duration_s", by_rate_s);
}

/* --- numbers: any unknown among them makes the result unknown ---------------------------------------------------- */

static double plus(double a, double b)
{
	return a + b;
}

static int fold(cJSON *object, const char *name, const struct parts *p, const char *path, double (*two)(double, double))
{
	double result = ts_json_real(p->items[0], path, NAN);

	for (size_t i = 1; i < p->n; i++) {
		double value = ts_json_real(p->items[i], path, NAN);

		result = isnan(value) || isnan(result) ? NAN : two(result, value);
	}
	ts_json_add_real(object, name, result);
	return 0;
}

/* What all fold functions do with their arguments; the last one is no use to them. */
#define MERGE_FN(id)                                                                                                   \
	static int merge_##id(cJSON *object, const char *name, const struct parts *p, const char *path,                \
	                      struct ts_err *err)

MERGE_FN(SUM)
{
	(void)err;
	return fold(object, name, p, path, plus);
}

MERGE_FN(LEAST)
{
	(void)err;
	return fold(object, name, p, path, fmin);
}

MERGE_FN(MOST)
{
	(void)err;
	return fold(object, name, p, path, fmax);
}

/* --- quotients of sums -------------------------------------------------------------------------------------------- */

/* The parts' rates, each for as long as it held. */
static double rate_over_all(const struct parts *p, const char *path)
{
	double amount = 0, all_s = 0;

	for (size_t i = 0; i < p->n; i++) {
		double part_s = merge_duration_s(p->items[i]);

		amount += ts_json_real(p->items[i], path, NAN) * part_s;
		all_s += part_s;
	}
	return amount / all_s;
}

MERGE_FN(RATE)
{
	(void)err;
	ts_json_add_real(object, name, rate_over_all(p, path));
	return 0;
}

MERGE_FN(ACHIEVED)
{
	(void)path, (void)err;
	ts_json_add_real(object, name,
	                 rate_over_all(p, "throughput.requests_per_s") / rate_over_all(p, "throughput.offered_per_s"));
	return 0;
}

/* From the first attempt to the last, in each part that has two. */
MERGE_FN(PACE)
{
	double n = 0, all_s = 0;

	(void)err;
	for (size_t i = 0; i < p->n; i++) {
		double pace = ts_json_real(p->items[i], path, NAN);
		double steps = ts_json_real(p->items[i], "connections.attempted", NAN) - 1;

		if (pace > 0 && steps > 0) {
			n += steps;
			all_s += steps / pace;
		}
	}
	ts_json_add_real(object, name, n / all_s);
	return 0;
}

MERGE_FN(COST)
{
	double cpu_s = 0, n = 0;

	(void)path, (void)err;
	for (size_t i = 0; i < p->n; i++) {
		cpu_s += ts_json_real(p->items[i], "generator.load_cpu_s", NAN);
		n += ts_json_real(p->items[i], "requests.completed", NAN) +
		     ts_json_real(p->items[i], "warmup.completed", NAN);
	}
	ts_json_add_real(object, name, cpu_s * 1e9 / n);
	return 0;
}

/* --- the others --------------------------------------------------------------------------------------------------- */

MERGE_FN(FIRST)
{
	(void)err;
	cJSON_AddItemToObject(object, name, cJSON_Duplicate(ts_json_at(p->items[0], path), 1));
	return 0;
}

MERGE_FN(SAID)
{
	const char *text = NULL;

	(void)err;
	for (size_t i = 0; i < p->n && !text; i++)
		text = ts_json_text(p->items[i], path, NULL);
	ts_json_add_text(object, name, text);
	return 0;
}

static size_t count_true(const struct parts *p, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += ts_json_bool(p->items[i], path, false);
	return n;
}

MERGE_FN(ANY)
{
	(void)err;
	ts_json_add_bool(object, name, count_true(p, path) > 0);
	return 0;
}

MERGE_FN(ALL)
{
	(void)err;
	ts_json_add_bool(object, name, count_true(p, path) == p->n);
	return 0;
}

MERGE_FN(UNKNOWN)
{
	(void)p, (void)path, (void)err;
	ts_json_add_null(object, name);
	return 0;
}

MERGE_FN(EMPTY)
{
	(void)p, (void)path, (void)err;
	ts_json_add_array(object, name);
	return 0;
}

MERGE_FN(OMIT)
{
	(void)object, (void)name, (void)p, (void)path, (void)err;
	return 0;
}

static int merge_members(cJSON *object, const struct parts *p, const char *path, struct ts_err *err);

/* Every member of an object that all parts have; else null. */
MERGE_FN(OBJECT)
{
	for (size_t i = 0; i < p->n; i++)
		if (!cJSON_IsObject(ts_json_at(p->items[i], path))) {
			ts_json_add_null(object, name);
			return 0;
		}
	return merge_members(ts_json_add_object(object, name), p, path, err);
}

MERGE_FN(OF_SOME)
{
	const cJSON **items = calloc(p->n, sizeof(const cJSON *));
	const char **names = calloc(p->n, sizeof(*names));
	struct parts some = {.items = items, .names = names};
	int rc;

	for (size_t i = 0; items && names && i < p->n; i++)
		if (cJSON_IsObject(ts_json_at(p->items[i], path))) {
			items[some.n] = p->items[i];
			names[some.n++] = p->names[i];
		}
	if (!items || !names)
		rc = ts_err_set(err, ENOMEM, "no memory for the results");
	else
		rc = some.n > 0 ? merge_OBJECT(object, name, &some, path, err)
		                : merge_UNKNOWN(object, name, p, path, err);
	free(items);
	free(names);
	return rc;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

#define merge_LATENCY  merge_latency
#define merge_LAG      merge_lag
#define merge_ERRORS   merge_errors
#define merge_SERIES   merge_series
#define merge_VALIDITY merge_validity

static const struct {
	const char *path;
	merge_fn *how;
} rows[] = {
#define MERGE_ROW(path, how) {path, merge_##how},
#include "merge.def"
#undef MERGE_ROW
};

static merge_fn *find(const char *path)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].path, path) == 0)
			return rows[i].how;
	return NULL;
}

/* By its own row, by that of all its object's fields, or as what it is. */
static merge_fn *how_to_merge(const char *path, const char *folder, const cJSON *member)
{
	char any[MERGE_PATH_MAX];
	merge_fn *how = find(path);

	snprintf(any, sizeof(any), "%s.*", folder);
	if (!how)
		how = find(any);
	if (!how)
		how = cJSON_IsObject(member) ? merge_OBJECT : merge_UNKNOWN;
	return how;
}

/* All members that any part has, in the order in which they come. */
static int merge_members(cJSON *object, const struct parts *p, const char *folder, struct ts_err *err)
{
	char path[MERGE_PATH_MAX];
	const cJSON *member;
	int rc = 0;

	for (size_t i = 0; i < p->n; i++) {
		const cJSON *from = folder[0] ? ts_json_at(p->items[i], folder) : p->items[i];

		cJSON_ArrayForEach (member, from) {
			if (rc < 0 || cJSON_GetObjectItemCaseSensitive(object, member->string))
				continue;
			snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] ? "." : "", member->string);
			rc = how_to_merge(path, folder, member)(object, member->string, p, path, err);
		}
	}
	return rc;
}

cJSON *merge_results(const cJSON *const *parts, const char *const *names, size_t n, struct ts_err *err)
{
	const struct parts p = {.items = parts, .names = names, .n = n};
	cJSON *root = cJSON_CreateObject(), *files;

	if (merge_members(root, &p, "", err) < 0) {
		cJSON_Delete(root);
		return NULL;
	}
	files = ts_json_add_array(root, "merged_from");
	for (size_t i = 0; i < n; i++)
		ts_json_add_text(files, NULL, names[i]);
	return root;
}
