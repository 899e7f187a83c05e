#include "charts.h"
#include "ts_host.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *id, *heading;
	enum chart_scope scope;
	chart_function *draw;
} rows[] = {
#define CHART_ROW(id, scope, heading) {#id, heading, CHART_##scope, chart_##id},
#include "charts.def"
#undef CHART_ROW
};

#define N_ROWS   (sizeof(rows) / sizeof(rows[0]))
#define JOBS_MAX 8

/* How many trials the cells of a workload, or of its series, have: the least and the most of those that have any. */
static void count_trials(const struct summary *s, size_t workload, size_t *least, size_t *most)
{
	const char *group = s->set->workloads[workload].group;

	*least = SIZE_MAX;
	*most = 0;
	for (size_t w = 0; w < s->set->n_workloads; w++) {
		if (w != workload && !(group[0] && strcmp(s->set->workloads[w].group, group) == 0))
			continue;
		for (size_t m = 0; m < s->set->n_modes; m++) {
			size_t n = summary_cell(s, m, w)->n_ok;

			if (n > 0 && n < *least)
				*least = n;
			if (n > *most)
				*most = n;
		}
	}
}

const char *charts_trials(const struct summary *s, size_t workload, char *buf, size_t size)
{
	size_t least, most;

	count_trials(s, workload, &least, &most);
	if (least < most)
		snprintf(buf, size, "%zu to %zu trials", least, most);
	else
		snprintf(buf, size, "%zu trial%s", most, most == 1 ? "" : "s");
	return buf;
}

const char *charts_medians(const struct summary *s, size_t workload, const char *noun, char *buf, size_t size)
{
	size_t least, most;
	char trials[40];

	count_trials(s, workload, &least, &most);
	charts_trials(s, workload, trials, sizeof(trials));
	if (most > 1)
		snprintf(buf, size, "%s of %s", noun, trials);
	else
		snprintf(buf, size, "%s", trials);
	return buf;
}

const char *charts_missing(const struct chart_drawn *drawn, size_t n_drawn, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t row = 0; row < N_ROWS; row++) {
		bool found = false;

		for (size_t i = 0; i < n_drawn && !found; i++)
			found = strcmp(drawn[i].heading, rows[row].heading) == 0;
		if (!found && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "", rows[row].heading);
	}
	return buf;
}

/* Is this workload the one that a chart of this scope is drawn for? */
static bool begins(const struct runset *set, size_t w, enum chart_scope scope)
{
	if (scope == CHART_RUN)
		return w == 0;
	if (scope == CHART_WORKLOAD)
		return !set->workloads[w].group[0]; /* the points of a series are in its own charts */
	if (!set->workloads[w].group[0])
		return false;
	for (size_t i = 0; i < w; i++)
		if (strcmp(set->workloads[i].group, set->workloads[w].group) == 0)
			return false;
	return true;
}

static void name_chart(char *buf, size_t size, size_t row, const struct workload *w)
{
	const char *part = rows[row].scope == CHART_RUN ? "" : rows[row].scope == CHART_GROUP ? w->group : w->id;

	snprintf(buf, size, part[0] && strcmp(part, "-") != 0 ? "%s.%s" : "%s", rows[row].id, part);
}

/* Charts that are being drawn: a ring of as many as there are processors. */
struct pool {
	struct plot_job jobs[JOBS_MAX];
	size_t size, n_started, n_ended;
};

static int wait_one(struct pool *pool, struct ts_err *err)
{
	return plot_wait(&pool->jobs[pool->n_ended++ % pool->size], err);
}

/* All that are left; the first error stays. */
static int wait_all(struct pool *pool, int rc, struct ts_err *err)
{
	while (pool->n_ended < pool->n_started) {
		struct ts_err later = {0};
		int one = wait_one(pool, rc < 0 ? &later : err);

		rc = rc < 0 ? rc : one;
	}
	return rc;
}

struct drawing {
	const struct summary *s;
	const char *dir;
	bool png;
	struct pool pool;
};

/* 1 when the chart was started, 0 when there is nothing to draw, -errno. */
static int draw_one(struct drawing *d, size_t row, size_t w, struct chart_drawn *drawn, struct ts_err *err)
{
	struct pool *pool = &d->pool;
	struct plot p;
	char id[96];
	int rc;

	name_chart(id, sizeof(id), row, &d->s->set->workloads[w]);
	rc = plot_init(&p, id, err);
	if (rc == 0)
		rc = rows[row].draw(&p, d->s, w, err);
	if (rc > 0) {
		memcpy(drawn->id, p.id, sizeof(drawn->id));
		memcpy(drawn->title, p.title, sizeof(drawn->title));
		memcpy(drawn->alt, p.alt, sizeof(drawn->alt));
		drawn->heading = rows[row].heading;
		drawn->workload = rows[row].scope == CHART_RUN ? SIZE_MAX : w;
		if (pool->n_started - pool->n_ended == pool->size)
			rc = wait_one(pool, err);
		if (rc >= 0)
			rc = plot_start(&p, d->dir, d->png, &pool->jobs[pool->n_started % pool->size], err);
		if (rc == 0) {
			pool->n_started++;
			rc = 1;
		}
	}
	plot_release(&p);
	return rc;
}

static int draw_all(struct drawing *d, struct chart_drawn *drawn, size_t *n_drawn, struct ts_err *err)
{
	int rc = 0;

	for (size_t row = 0; row < N_ROWS; row++)
		for (size_t w = 0; w < d->s->set->n_workloads; w++) {
			if (!begins(d->s->set, w, rows[row].scope))
				continue;
			rc = draw_one(d, row, w, &drawn[*n_drawn], err);
			if (rc < 0)
				return rc;
			*n_drawn += rc > 0;
		}
	return 0;
}

int charts_draw(const struct summary *s, const char *dir, bool png, struct chart_drawn **drawn, size_t *n_drawn,
                struct ts_err *err)
{
	struct drawing d = {.s = s, .dir = dir, .png = png};
	int rc, n_cores = ts_host_cores();

	d.pool.size = n_cores < 1 ? 1 : n_cores > JOBS_MAX ? JOBS_MAX : (size_t)n_cores;
	*n_drawn = 0;
	*drawn = calloc(N_ROWS * s->set->n_workloads + 1, sizeof(**drawn));
	if (!*drawn)
		return ts_err_set(err, ENOMEM, "no memory for the charts");
	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return ts_err_set(err, errno, "%s: cannot make this folder: %s", dir, strerror(errno));
	rc = plot_style_write(dir, err);
	if (rc == 0)
		rc = draw_all(&d, *drawn, n_drawn, err);
	return wait_all(&d.pool, rc, err);
}
