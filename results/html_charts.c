/* The charts of the page, in the order of the workloads. */
#include "html_inside.h"
#include "svg.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path, struct ts_err *err)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!in || getdelim(&text, &size, '\0', in) < 0) {
		ts_err_set(err, errno ? errno : EIO, "%s: cannot be read: %s", path, strerror(errno));
		free(text);
		text = NULL;
	}
	if (in)
		fclose(in);
	return text;
}

static int write_chart(FILE *out, const char *dir, const char *link, const struct chart_drawn *chart, size_t i,
                       struct ts_err *err)
{
	char path[4096], prefix[24];
	char *svg;

	snprintf(path, sizeof(path), "%s/%s.svg", dir, chart->id);
	snprintf(prefix, sizeof(prefix), "c%zu", i);
	svg = read_text(path, err);
	if (!svg)
		return -EIO;
	html_put(out, "<figure id=\"%s\">\n", chart->id);
	fputs("<div class=\"drawing\">\n", out);
	svg_inline(out, svg, prefix, chart->alt);
	fputs("</div>\n", out);
	html_put(out,
	         "<figcaption>%s <span class=\"files\"><a href=\"%s/%s.svg\">SVG</a> <a href=\"%s/%s.png\">PNG</a> "
	         "<a href=\"%s/%s.dat\">data</a> <a href=\"%s/%s.gp\">gnuplot</a></span></figcaption>\n</figure>\n",
	         chart->alt, link, chart->id, link, chart->id, link, chart->id, link, chart->id);
	free(svg);
	return 0;
}

/* A workload by its title; a series by those of its ends. */
static void write_charts_head(FILE *out, const struct runset *set, size_t w)
{
	size_t last = w;

	if (w == set->n_workloads) {
		fputs("<h3>All workloads</h3>\n", out);
		return;
	}
	for (size_t i = w + 1; set->workloads[w].group[0] && i < set->n_workloads; i++)
		if (strcmp(set->workloads[i].group, set->workloads[w].group) == 0)
			last = i;
	if (last == w)
		html_put(out, "<h3>%s</h3>\n", set->workloads[w].title);
	else
		html_put(out, "<h3>Series %s: %s, to %s</h3>\n", set->workloads[w].group, set->workloads[w].title,
		         set->workloads[last].title);
}

int html_charts(FILE *out, const struct summary *s, const char *dir, const char *link, const struct chart_drawn *drawn,
                size_t n, struct ts_err *err)
{
	char missing[800];
	int rc = 0;

	fputs("<section aria-labelledby=\"charts\">\n<h2 id=\"charts\">The charts</h2>\n"
	      "<p>A mode has the same colour in all of them. Values show under the pointer. \"(1 of 64)\" beside a "
	      "name: so many of the connections were ever answered.</p>\n",
	      out);
	for (size_t w = 0; w <= s->set->n_workloads && rc == 0; w++) {
		size_t n_here = 0;

		for (size_t i = 0; i < n && rc == 0; i++) {
			if (drawn[i].workload != (w < s->set->n_workloads ? w : SIZE_MAX))
				continue;
			if (n_here++ == 0) {
				write_charts_head(out, s->set, w);
				fputs("<div class=\"charts\">\n", out);
			}
			rc = write_chart(out, dir, link, &drawn[i], i, err);
		}
		if (n_here > 0)
			fputs("</div>\n", out);
	}
	if (charts_missing(drawn, n, missing, sizeof(missing))[0])
		html_put(out,
		         "<p>Not drawn, for this run did not measure what they show: %s. <code>make bench "
		         "SUITE=full</code> "
		         "measures all.</p>\n",
		         missing);
	fputs("</section>\n", out);
	return rc;
}
