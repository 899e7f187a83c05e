/*
 * HdrHistogram's log format 1.3 (HistogramLogWriter.java): three comment lines, the legend, then one line an interval:
 * start and length in seconds, the largest value in milliseconds, and the histogram (V2, compressed, base64).
 */
#include "output.h"
#include "ts_clock.h"
#include "ts_json.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void put_head(FILE *f, const struct run *r)
{
	time_t second = (time_t)(r->started_wall_ns / TS_S);
	char text[64];
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(text, sizeof(text), "%a %b %d %H:%M:%S UTC %Y", &tm);
	fprintf(f, "#[Logged with tsload %s]\n#[Histogram log format version 1.3]\n", TSBENCH_VERSION);
	fprintf(f, "#[StartTime: %.3f (seconds since epoch), %s]\n", (double)r->started_wall_ns / 1e9, text);
	fputs("\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n", f);
}

int output_hdr_log(const struct run *r, const char *path, struct ts_err *err)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	double begin_s = (double)(r->started_wall_ns + r->plan->warmup_ns) / 1e9;
	int result;

	if (!f)
		return ts_err_set(err, ENOMEM, "out of memory for the log");
	put_head(f, r);
	for (size_t i = 0; i < r->sampler.n_series; i++) {
		const struct series_entry *e = &r->sampler.series[i];
		if (e->histogram)
			fprintf(f, "%.3f,%.3f,%.3f,%s\n", begin_s + e->at_s, e->duration_s, (double)e->max_ns / 1e6,
			        e->histogram);
	}
	if (fclose(f) != 0) {
		free(text);
		return ts_err_set(err, ENOMEM, "out of memory for the log");
	}
	result = ts_file_write(path, text, n, err);
	free(text);
	return result;
}
