#include "series.h"
#include <stdlib.h>
#include <string.h>

char *series_texts(const struct sampler *s, size_t *n_bytes)
{
	char *texts, *at;

	*n_bytes = 0;
	for (size_t i = 0; i < s->n_series; i++)
		*n_bytes += (s->series[i].histogram ? strlen(s->series[i].histogram) : 0) + 1;
	texts = at = *n_bytes > 0 ? malloc(*n_bytes) : NULL;
	if (!texts)
		*n_bytes = 0;
	for (size_t i = 0; texts && i < s->n_series; i++)
		at = stpcpy(at, s->series[i].histogram ? s->series[i].histogram : "") + 1;
	return texts;
}

/* An entry for the i-th stretch: the one that is there, or a new and empty one. */
static struct series_entry *entry_at(struct sampler *s, size_t i, const struct series_entry *like)
{
	struct series_entry *series;

	if (i < s->n_series)
		return &s->series[i];
	series = realloc(s->series, (i + 1) * sizeof(*series));
	if (!series)
		return NULL;
	s->series = series;
	s->n_series = s->n_series_room = i + 1;
	memset(&series[i], 0, sizeof(*series));
	series[i].at_s = like->at_s;
	return &series[i];
}

/* The two histograms added, as text, and the percentiles of the sum. */
static void merge_histogram(struct series_entry *dst, const char *text, struct ts_hist *sum, struct ts_hist *other)
{
	if (text[0] == '\0' || ts_hist_decode(other, text, NULL) < 0)
		return;
	ts_hist_reset(sum);
	if (dst->histogram)
		ts_hist_decode(sum, dst->histogram, NULL);
	ts_hist_add(sum, other);
	free(dst->histogram);
	dst->histogram = ts_hist_encode(sum);
	dst->p50_ns = ts_hist_percentile(sum, 50);
	dst->p90_ns = ts_hist_percentile(sum, 90);
	dst->p99_ns = ts_hist_percentile(sum, 99);
}

static void merge_entry(struct series_entry *dst, const struct series_entry *src)
{
	dst->duration_s = dst->duration_s > src->duration_s ? dst->duration_s : src->duration_s;
	dst->scheduled += src->scheduled;
	dst->completed += src->completed;
	dst->failed += src->failed;
	dst->open += src->open;
	dst->n += src->n;
	dst->max_ns = dst->max_ns > src->max_ns ? dst->max_ns : src->max_ns;
}

/* A host with more workers looks at them less often, so its batches may be longer: the shorter ones go to the longer
 * one that holds their middle. */
static void merge_batches(struct sampler *dst, const struct sampler *src)
{
	while (src->n_batches > 0 && dst->batch_ns < src->batch_ns)
		sampler_double_batches(dst);
	for (size_t i = 0; i < src->n_batches; i++) {
		size_t at = (size_t)((2 * (int64_t)i + 1) * src->batch_ns / 2 / dst->batch_ns);
		at = at < SAMPLER_BATCHES ? at : SAMPLER_BATCHES - 1;
		ts_hist_add(&dst->batches[at], &src->batches[i]);
		dst->n_batches = at >= dst->n_batches ? at + 1 : dst->n_batches;
	}
}

void series_merge(struct sampler *dst, const struct sampler *src, const char *texts)
{
	struct ts_hist *sum = ts_hist_new(), *other = ts_hist_new();

	for (size_t i = 0; i < src->n_series && sum && other; i++, texts += strlen(texts) + 1) {
		struct series_entry *entry = entry_at(dst, i, &src->series[i]);
		if (!entry)
			break;
		merge_entry(entry, &src->series[i]);
		merge_histogram(entry, texts, sum, other);
	}
	merge_batches(dst, src);
	dst->peak_open += src->peak_open;
	ts_hist_free(other);
	ts_hist_free(sum);
}
