/*
 * One chart: its data (.dat), its gnuplot text (.gp), and what gnuplot makes of them (.svg, .png), all in one folder.
 *
 * The texts are kept beside the pictures, so that anybody can draw a chart again, or differently: `gnuplot ID.gp`
 * there. gnuplot runs once for each chart. Source: http://www.gnuplot.info/docs_5.4/Gnuplot_5_4.pdf
 */
#ifndef PLOT_H
#define PLOT_H

#include "runset.h"
#include "ts_err.h"
#include <stdbool.h>
#include <stdio.h>

struct plot {
	FILE *dat, *gp;  /* to be written by the chart; gp without terminals: the last line is the plot command */
	char id[96];     /* file names without their ending */
	char title[160]; /* for people; filled by the chart */
	char alt[400];   /* what is to be seen, in a sentence, for those who cannot see it; filled by the chart */
	int height;      /* points; the width is 760. Filled by the chart, or left at the default */

	char *dat_text, *gp_text; /* private */
	size_t n_dat, n_gp;
};

/* Begin a chart. 0, or -ENOMEM with err; release it in any case. */
int plot_init(struct plot *p, const char *id, struct ts_err *err);
void plot_release(struct plot *p);

/* A gnuplot that is drawing. */
struct plot_job {
	char dir[1024], id[96];
	bool png;
	int messages; /* what it says */
	int pid;
};

/*
 * Write ID.dat and ID.gp into dir and start gnuplot there; with `png` false only the SVG is made. 0 or -errno with err.
 * The plot may be released at once; the job must be waited for.
 */
int plot_start(struct plot *p, const char *dir, bool png, struct plot_job *job, struct ts_err *err);

/* Wait for a job; the pictures are there then. 0 or -errno with err, gnuplot's own last line: then those that are not
 * whole are removed. */
int plot_wait(struct plot_job *job, struct ts_err *err);

/* Put style.gp into dir: before the first chart. */
int plot_style_write(const char *dir, struct ts_err *err);

/* The line type of a mode: the same in every chart. */
int plot_linetype(const struct runset *set, size_t mode);

/* The same by its name; the n_foreign-th (from 0) of the modes that style.def does not know. */
int plot_linetype_of(const char *name, int n_foreign);

/* `text` in single quotes, as gnuplot reads it. Returns buf. */
const char *plot_quoted(const char *text, char *buf, size_t size);

/*
 * `text` as a title: in single quotes, and in two lines, parted at its first ": ", where one would be wider than a
 * chart. Returns buf.
 */
const char *plot_title(const char *text, char *buf, size_t size);

#endif
