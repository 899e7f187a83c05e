#include "pacer.h"
#include "ts_clock.h"
#include "ts_units.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pacer_stage_add(struct pacer_schedule *s, const struct pacer_stage *stage)
{
	struct pacer_stage *stages = realloc(s->stages, (s->n_stages + 1) * sizeof(*stages));
	if (!stages)
		return -ENOMEM;
	s->stages = stages;
	stages[s->n_stages++] = *stage;
	return 0;
}

/* "5k", "1k-5k" or "100/1s". A plain "100/s" is a rate: its unit is no duration. */
static int parse_load(struct pacer_stage *stage, char *load)
{
	char *slash = strchr(load, '/'), *dash = strchr(load, '-');
	int64_t n;

	if (slash && slash[1] >= '0' && slash[1] <= '9') {
		*slash = '\0';
		if (ts_units_count(load, &n) < 0 || n < 1 || ts_units_duration(slash + 1, &stage->burst_every_ns) < 0 ||
		    stage->burst_every_ns < 1)
			return -EINVAL;
		stage->n_burst = (double)n;
		return 0;
	}
	if (dash)
		*dash++ = '\0';
	if (ts_units_rate(load, &stage->from_per_s) < 0 || ts_units_rate(dash ? dash : load, &stage->to_per_s) < 0)
		return -EINVAL;
	return stage->from_per_s >= 0 && stage->to_per_s >= 0 ? 0 : -EINVAL;
}

int pacer_stage_parse(struct pacer_schedule *s, const char *text, struct ts_err *err)
{
	struct pacer_stage stage = {0};
	char copy[128], *colon;

	snprintf(copy, sizeof(copy), "%s", text);
	colon = strchr(copy, ':');
	if (!colon)
		return ts_err_usage(err, PACER_STAGE_FORMS);
	*colon = '\0';
	if (ts_units_duration(copy, &stage.duration_ns) < 0 || stage.duration_ns <= 0 ||
	    parse_load(&stage, colon + 1) < 0)
		return ts_err_usage(err, PACER_STAGE_FORMS);
	return pacer_stage_add(s, &stage);
}

int pacer_trace_load(struct pacer_schedule *s, const char *path, struct ts_err *err)
{
	char line[128];
	size_t n_room = 0;
	int n_line = 0, failed;
	FILE *f = fopen(path, "re");

	if (!f)
		return ts_err_set(err, errno, "--arrival=trace:%s: cannot be read: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		char *end;
		double at_s = strtod(line, &end);
		n_line++;
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (s->n_trace == n_room) {
			n_room = n_room ? n_room * 2 : 1024;
			int64_t *bigger = realloc(s->trace_ns, n_room * sizeof(*bigger));
			if (!bigger) {
				fclose(f);
				return ts_err_set(err, ENOMEM, "%s: too long for this machine's memory", path);
			}
			s->trace_ns = bigger;
		}
		if (end == line || *end != '\0' || !(at_s >= 0 && at_s < 1e6) ||
		    (s->n_trace > 0 && (int64_t)(at_s * 1e9) < s->trace_ns[s->n_trace - 1])) {
			fclose(f);
			return ts_err_set(
			        err, EINVAL,
			        "%s: line %d: seconds from the start are expected, none before the line above", path,
			        n_line);
		}
		s->trace_ns[s->n_trace++] = (int64_t)(at_s * 1e9);
	}
	failed = ferror(f) ? errno : 0;
	fclose(f);
	if (failed)
		return ts_err_set(err, failed, "--arrival=trace:%s: cannot be read: %s", path, strerror(failed));
	return s->n_trace > 0 ? 0 : ts_err_set(err, EINVAL, "%s: holds no moment; one a line is expected", path);
}

void pacer_schedule_close(struct pacer_schedule *s)
{
	int64_t begin_ns = 0;
	double n_before = 0;

	for (size_t i = 0; i < s->n_stages; i++) {
		struct pacer_stage *stage = &s->stages[i];
		double duration_s = (double)stage->duration_ns / 1e9;
		stage->begin_ns = begin_ns;
		stage->n_before = n_before;
		stage->n_here =
		        stage->n_burst > 0
		                ? stage->n_burst * ceil((double)stage->duration_ns / (double)stage->burst_every_ns)
		                : (stage->from_per_s + stage->to_per_s) / 2 * duration_s;
		begin_ns += stage->duration_ns;
		n_before += stage->n_here;
	}
}

void pacer_schedule_release(struct pacer_schedule *s)
{
	free(s->stages);
	free(s->trace_ns);
	memset(s, 0, sizeof(*s));
}

int64_t pacer_schedule_duration_ns(const struct pacer_schedule *s)
{
	if (s->arrival == PACER_TRACE)
		return s->trace_ns[s->n_trace - 1] + 1;
	return s->n_stages == 0 ? 0 : s->stages[s->n_stages - 1].begin_ns + s->stages[s->n_stages - 1].duration_ns;
}

/* Where a stage's own arrivals reach n, in ns from its begin. A ramp's N(t) is a parabola; this root
 * is the stable one. */
static double stage_moment_ns(const struct pacer_stage *stage, double n)
{
	double a = stage->from_per_s, slope = stage->to_per_s - a;

	if (stage->n_burst > 0)
		return floor(n / stage->n_burst) * (double)stage->burst_every_ns;
	if (slope == 0)
		return n / a * 1e9;
	return 2 * n / (a + sqrt(a * a + 2 * slope * n * 1e9 / (double)stage->duration_ns)) * 1e9;
}

int64_t pacer_moment_ns(const struct pacer_schedule *s, double n)
{
	for (size_t i = 0; i < s->n_stages; i++) {
		const struct pacer_stage *stage = &s->stages[i];
		double here = n - stage->n_before;
		if (here < stage->n_here - 1e-9)
			return stage->begin_ns + (here > 0 ? llrint(stage_moment_ns(stage, here)) : 0);
	}
	return PACER_NEVER;
}

static void find_next(struct pacer *p)
{
	const struct pacer_schedule *s = p->schedule;

	if (s->arrival == PACER_TRACE)
		p->next_ns = p->position < (double)s->n_trace ? s->trace_ns[(size_t)p->position] : PACER_NEVER;
	else
		p->next_ns = pacer_moment_ns(s, p->position);
}

int pacer_init(struct pacer *p, const struct pacer_schedule *s, unsigned part, unsigned n_parts)
{
	memset(p, 0, sizeof(*p));
	p->schedule = s;
	p->n_parts = n_parts;
	p->position = part;
	if (s->arrival == PACER_POISSON) {
		p->random = ts_random_new(s->seed * 0x9e3779b97f4a7c15ULL + part + 1);
		if (!p->random)
			return -ENOMEM;
		p->position = ts_random_exponential(p->random, n_parts);
	}
	find_next(p);
	return 0;
}

void pacer_release(struct pacer *p)
{
	ts_random_free(p->random);
	p->random = NULL;
}

static void step(struct pacer *p)
{
	p->position += p->random ? ts_random_exponential(p->random, p->n_parts) : p->n_parts;
	find_next(p);
}

void pacer_take(struct pacer *p)
{
	p->n_taken++;
	step(p);
}

void pacer_skip(struct pacer *p)
{
	p->n_given_up++;
	step(p);
}

uint64_t pacer_give_up(struct pacer *p, int64_t until_ns)
{
	uint64_t n = 0;

	for (; p->next_ns < until_ns; n++)
		pacer_skip(p);
	return n;
}
