#include "size.h"
#include "ts_units.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_bytes(const char *text, uint32_t *bytes)
{
	int64_t v;
	if (ts_units_bytes(text, &v) < 0 || v < 1 || v > SIZE_MAX_BYTES)
		return -EINVAL;
	*bytes = (uint32_t)v;
	return 0;
}

/* Split "a:b:c" in place; returns the number of parts, at most n. */
static unsigned split(char *text, char *parts[], unsigned n)
{
	unsigned k = 0;
	for (char *save, *part = strtok_r(text, ":", &save); part && k < n; part = strtok_r(NULL, ":", &save))
		parts[k++] = part;
	return k;
}

static int parse_uniform(struct size_spec *s, char *text)
{
	char *part[3];
	s->law = SIZE_UNIFORM;
	if (split(text, part, 3) != 2 || parse_bytes(part[0], &s->min_bytes) < 0 ||
	    parse_bytes(part[1], &s->max_bytes) < 0 || s->min_bytes > s->max_bytes)
		return -EINVAL;
	return 0;
}

static int parse_lognormal(struct size_spec *s, char *text)
{
	char *part[4], *end;
	uint32_t median;
	unsigned n = split(text, part, 4);

	s->law = SIZE_LOGNORMAL;
	s->min_bytes = 1;
	s->max_bytes = 1 << 20;
	if (n < 2 || n > 3 || parse_bytes(part[0], &median) < 0)
		return -EINVAL;
	s->zeta = log(median);
	s->sigma = strtod(part[1], &end);
	if (strspn(part[1], "0123456789.") != strlen(part[1]) || *end != '\0' || !(s->sigma >= 0 && s->sigma <= 10))
		return -EINVAL;
	return n == 3 ? parse_bytes(part[2], &s->max_bytes) : 0;
}

static int add_line(struct size_spec *s, char *line, uint32_t *n_room)
{
	uint32_t size;

	line[strcspn(line, " \t\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (parse_bytes(line, &size) < 0)
		return -EINVAL;
	if (s->n_list == *n_room) {
		uint32_t room = *n_room ? *n_room * 2 : 256;
		uint32_t *list = realloc(s->list, room * sizeof(*list));
		if (!list)
			return -ENOMEM;
		s->list = list;
		*n_room = room;
	}
	s->list[s->n_list++] = size;
	if (size > s->max_bytes)
		s->max_bytes = size;
	if (size < s->min_bytes)
		s->min_bytes = size;
	return 0;
}

static int parse_file(struct size_spec *s, const char *path, struct ts_err *err)
{
	char line[128];
	uint32_t n_room = 0;
	int n_line = 0, result = 0, failed;
	FILE *f = fopen(path, "re");

	if (!f)
		return ts_err_set(err, errno, "%s: cannot be read: %s", path, strerror(errno));
	s->law = SIZE_FILE;
	s->min_bytes = SIZE_MAX_BYTES;
	while (result == 0 && fgets(line, sizeof(line), f)) {
		n_line++;
		result = add_line(s, line, &n_room);
	}
	failed = ferror(f) ? errno : 0;
	fclose(f);
	if (failed)
		return ts_err_set(err, failed, "%s: cannot be read: %s", path, strerror(failed));
	if (result < 0)
		return ts_err_set(err, -result, "%s: line %d is not a size of 1 byte to 16MiB", path, n_line);
	if (s->n_list == 0)
		return ts_err_set(err, EINVAL, "%s: holds no size; one a line is expected", path);
	return 0;
}

int size_parse(struct size_spec *s, const char *text, struct ts_err *err)
{
	char copy[256];
	int result;

	memset(s, 0, sizeof(*s));
	if (strncmp(text, "file:", 5) == 0 && text[5] != '\0')
		return parse_file(s, text + 5, err);
	snprintf(copy, sizeof(copy), "%s", text);
	if (strncmp(copy, "uniform:", 8) == 0)
		result = parse_uniform(s, copy + 8);
	else if (strncmp(copy, "lognormal:", 10) == 0)
		result = parse_lognormal(s, copy + 10);
	else {
		result = parse_bytes(copy, &s->min_bytes);
		s->max_bytes = s->min_bytes;
	}
	return result < 0 ? ts_err_usage(err, SIZE_FORMS) : 0;
}

void size_release(struct size_spec *s)
{
	free(s->list);
	s->list = NULL;
}

uint32_t size_draw_random(const struct size_spec *s, struct ts_random *random)
{
	double x;

	switch (s->law) {
	case SIZE_UNIFORM: return s->min_bytes + (uint32_t)ts_random_below(random, s->max_bytes - s->min_bytes + 1);
	case SIZE_FILE: return s->list[ts_random_below(random, s->n_list)];
	case SIZE_LOGNORMAL:
		x = round(ts_random_lognormal(random, s->zeta, s->sigma));
		return x < 1 ? 1 : x > s->max_bytes ? s->max_bytes : (uint32_t)x;
	case SIZE_FIXED: break;
	}
	return s->max_bytes;
}

/* Of sizes that are cut at the largest: those below it, and it as often as the law would exceed it. */
static double lognormal_mean(const struct size_spec *s)
{
	double most = s->max_bytes, above = s->sigma > 0 ? (log(most) - s->zeta) / s->sigma : INFINITY;

	if (s->sigma == 0)
		return fmin(exp(s->zeta), most);
	return exp(s->zeta + s->sigma * s->sigma / 2) * gsl_cdf_ugaussian_P(above - s->sigma) +
	       most * gsl_cdf_ugaussian_Q(above);
}

double size_mean(const struct size_spec *s)
{
	double sum = 0;

	switch (s->law) {
	case SIZE_UNIFORM: return (s->min_bytes + s->max_bytes) / 2.0;
	case SIZE_LOGNORMAL: return lognormal_mean(s);
	case SIZE_FILE:
		for (uint32_t i = 0; i < s->n_list; i++)
			sum += s->list[i];
		return sum / s->n_list;
	case SIZE_FIXED: break;
	}
	return s->max_bytes;
}
