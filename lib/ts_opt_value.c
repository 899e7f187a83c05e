/* Typed values: one row of `types` for each enum ts_opt_type says how its text is read and what it looks like. */
#include "ts_opt_inside.h"
#include "ts_units.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number of any type. Both members are set, so that ranges are compared exactly where the value is whole. */
struct number {
	int64_t whole;
	double real;
};

static int read_count(const char *text, struct number *out)
{
	return ts_units_count(text, &out->whole);
}

static int read_duration(const char *text, struct number *out)
{
	return ts_units_duration(text, &out->whole);
}

static int read_bytes(const char *text, struct number *out)
{
	return ts_units_bytes(text, &out->whole);
}

static int read_rate(const char *text, struct number *out)
{
	return ts_units_rate(text, &out->real);
}

static int read_real(const char *text, struct number *out)
{
	return ts_units_percent(text, &out->real);
}

static const struct {
	const char *name;
	const char *like; /* what a number of the type looks like */
	int (*read)(const char *text, struct number *out);
	bool is_real;
} types[] = {
        [TS_OPT_GROUP] = {"group"},
        [TS_OPT_FLAG] = {"flag"},
        [TS_OPT_COUNT] = {"count", "a whole number such as 10, 50k or 1M", read_count},
        [TS_OPT_DURATION] = {"duration", "a time such as 10s, 500ms or 2m", read_duration},
        [TS_OPT_BYTES] = {"bytes", "a size such as 64, 4k or 1MiB", read_bytes},
        [TS_OPT_RATE] = {"rate", "a rate such as 200, 50k or 10/ms", read_rate, true},
        [TS_OPT_REAL] = {"real", "a number such as 0.05 or 5%", read_real, true},
        [TS_OPT_TEXT] = {"text"},
        [TS_OPT_CHOICE] = {"choice"},
        [TS_OPT_LIST] = {"list"},
        [TS_OPT_CPUS] = {"cpus"},
};

const char *ts_opt_type_name(enum ts_opt_type type)
{
	return types[type].name;
}

bool ts_opt_type_has_range(enum ts_opt_type type)
{
	return types[type].read != NULL;
}

/* --- numbers --------------------------------------------------------------------------------------------------- */

static bool at_most(enum ts_opt_type type, const struct number *a, const struct number *b)
{
	return types[type].is_real ? a->real <= b->real : a->whole <= b->whole;
}

bool ts_opt_value_ordered(enum ts_opt_type type, const char *a, const char *b)
{
	struct number x = {0}, y = {0};

	return types[type].read(a, &x) == 0 && types[type].read(b, &y) == 0 && at_most(type, &x, &y);
}

/* "1 to 1024", "at least 1", "at most 5%" or "". */
static const char *range_text(const struct ts_opt *row, char *buf, size_t size)
{
	buf[0] = '\0';
	if (row->min != NULL && row->max != NULL)
		snprintf(buf, size, "%s to %s", row->min, row->max);
	else if (row->min != NULL || row->max != NULL)
		snprintf(buf, size, "%s %s", row->min ? "at least" : "at most", row->min ? row->min : row->max);
	return buf;
}

static int set_number(const struct ts_opt *row, const char *text, void *field, struct ts_err *err)
{
	struct number value = {0};
	char range[80];
	int r = types[row->type].read(text, &value);

	range_text(row, range, sizeof range);
	if (r == -ERANGE && row->max == NULL)
		return ts_err_usage(err, "too large: must be %s", types[row->type].like);
	if (r == -EINVAL)
		return ts_err_usage(err, "must be %s%s%s", types[row->type].like, *range ? "; " : "", range);
	if (r < 0 || (row->min != NULL && !ts_opt_value_ordered(row->type, row->min, text)) ||
	    (row->max != NULL && !ts_opt_value_ordered(row->type, text, row->max)))
		return ts_err_usage(err, "must be %s", range);
	if (types[row->type].is_real)
		*(double *)field = value.real;
	else
		*(int64_t *)field = value.whole;
	return 0;
}

/* --- words ----------------------------------------------------------------------------------------------------- */

int ts_opt_choice_index(const char *choices, const char *word)
{
	size_t n_word = strlen(word);

	for (int i = 0;; i++) {
		size_t n = strcspn(choices, "|");

		if (n == n_word && memcmp(choices, word, n) == 0)
			return i;
		if (choices[n] == '\0')
			return -1;
		choices += n + 1;
	}
}

const char *ts_opt_choice_word(const char *choices, int index, char *buf, size_t size)
{
	buf[0] = '\0';
	for (int i = 0; index >= 0; i++) {
		size_t n = strcspn(choices, "|");

		if (i == index)
			snprintf(buf, size, "%.*s", (int)n, choices);
		if (i == index || choices[n] == '\0')
			break;
		choices += n + 1;
	}
	return buf;
}

static int set_choice(const struct ts_opt *row, const char *text, int *field, struct ts_err *err)
{
	int index = ts_opt_choice_index(row->choices, text);
	char list[400] = "";
	size_t n = 0;

	if (index >= 0) {
		*field = index;
		return 0;
	}
	for (const char *at = row->choices; *at != '\0' && n + 3 < sizeof list; at++) {
		list[n++] = *at == '|' ? ',' : *at;
		if (*at == '|')
			list[n++] = ' ';
	}
	return ts_err_usage(err, "must be one of %s", list);
}

/* --- lists of texts and of processors -------------------------------------------------------------------------- */

int ts_opt_list_add(struct ts_opt_list *list, const char *item)
{
	const char **items = reallocarray(list->items, list->n + 1, sizeof *items);

	if (items == NULL)
		return -ENOMEM;
	items[list->n++] = item;
	list->items = items;
	return 0;
}

void ts_opt_list_release(struct ts_opt_list *list)
{
	free(list->items);
	*list = (struct ts_opt_list){0};
}

static bool add_cpu(struct ts_opt_cpus *cpus, long id)
{
	if (id >= CPU_SETSIZE || cpus->n == sizeof cpus->ids / sizeof cpus->ids[0])
		return false;
	for (size_t i = 0; i < cpus->n; i++)
		if (cpus->ids[i] == id)
			return false;
	cpus->ids[cpus->n++] = (int)id;
	return true;
}

/* Digits only: strtol would also take blanks and signs. */
static bool read_id(const char **at, long *id)
{
	size_t n = strspn(*at, "0123456789");

	*id = n > 0 && n <= 4 ? strtol(*at, NULL, 10) : -1;
	*at += n;
	return *id >= 0;
}

static bool read_cpus(const char *text, struct ts_opt_cpus *cpus)
{
	long first, last;

	for (cpus->n = 0;; text++) {
		if (!read_id(&text, &first))
			return false;
		last = first;
		if (*text == '-' && (text++, !read_id(&text, &last) || last < first))
			return false;
		for (; first <= last; first++)
			if (!add_cpu(cpus, first))
				return false;
		if (*text != ',')
			return *text == '\0';
	}
}

static int set_cpus(const char *text, struct ts_opt_cpus *field, struct ts_err *err)
{
	struct ts_opt_cpus cpus;

	if (!read_cpus(text, &cpus))
		return ts_err_usage(err, "must be processors such as 0, 0-3 or 0,2; each once, at most 256 of them");
	*field = cpus;
	return 0;
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

int ts_opt_value_set(const struct ts_opt *row, const char *text, void *settings, struct ts_err *err)
{
	void *field = (char *)settings + row->offset;
	int r = 0;

	/* An empty text is a slip (--json=$FILE) unless the row's default or its own check says otherwise. */
	if ((row->type == TS_OPT_TEXT || row->type == TS_OPT_LIST) && text[0] == '\0' && row->check == NULL &&
	    (row->fallback == NULL || row->fallback[0] != '\0'))
		return ts_err_usage(err, "must not be empty");

	switch (row->type) {
	case TS_OPT_FLAG: *(bool *)field = true; break;
	case TS_OPT_TEXT: *(const char **)field = text; break;
	case TS_OPT_CHOICE: r = set_choice(row, text, field, err); break;
	case TS_OPT_CPUS: r = set_cpus(text, field, err); break;
	case TS_OPT_LIST:
		if (ts_opt_list_add(field, text) < 0)
			return ts_err_set(err, ENOMEM, "out of memory");
		break;
	default: r = set_number(row, text, field, err);
	}
	if (r == 0 && row->check != NULL)
		r = row->check(text, settings, err);
	return r;
}

int ts_opt_cpus_pin(const struct ts_opt_cpus *cpus, struct ts_err *err)
{
	cpu_set_t set, had;

	if (cpus->n == 0)
		return 0;
	CPU_ZERO(&set);
	for (size_t i = 0; i < cpus->n; i++)
		CPU_SET((size_t)cpus->ids[i], &set);
	if ((sched_setaffinity(0, sizeof set, &set) < 0 && errno != EINVAL) || /* EINVAL: not one of them is there */
	    sched_getaffinity(0, sizeof had, &had) < 0)
		return ts_err_set(err, errno, "--cpus: cannot be chosen: %s", strerror(errno));
	for (size_t i = 0; i < cpus->n; i++) /* the kernel passes over the others */
		if (!CPU_ISSET((size_t)cpus->ids[i], &had))
			return ts_err_usage(err,
			                    "--cpus: must be processors that there are for us; %d is none: "
			                    "nproc(1) says how many there are",
			                    cpus->ids[i]);
	return 0;
}
