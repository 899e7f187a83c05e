#include "svg.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void svg_escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		case '\'': fputs("&#39;", out); break;
		default:
			if ((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t')
				fputc(*text, out);
		}
	}
}

static bool skip(const char **at, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(*at, text, n) != 0)
		return false;
	*at += n;
	return true;
}

/* Step over `at` to just behind the next `text`; to the end when it does not come. */
static void skip_past(const char **at, const char *text)
{
	const char *found = strstr(*at, text);

	*at = found ? found + strlen(text) : *at + strlen(*at);
}

/* "rgb(  0,  96, 168)" -> "var(--rgb-0060a8,#0060a8)"; black follows the page's text. */
static bool colour(FILE *out, const char **at)
{
	int r, g, b, n = 0;

	if (sscanf(*at, "rgb(%3d,%3d,%3d)%n", &r, &g, &b, &n) != 3 || n == 0)
		return false;
	*at += n;
	if (r + g + b == 0) {
		fputs("currentColor", out);
		return true;
	}
	fprintf(out, "var(--rgb-%02x%02x%02x,#%02x%02x%02x)", r, g, b, r, g, b);
	return true;
}

/* gnuplot's hypertext: its text moves into the <title> that gnuplot leaves empty. */
static bool hypertext(FILE *out, const char **at)
{
	const char *text, *end;

	if (!skip(at, " onmousemove=\"gnuplot_svg.showHypertext(evt,'"))
		return false;
	text = *at;
	end = strstr(text, "')\"");
	if (!end)
		return true;
	*at = end;
	skip_past(at, "<title> </title>");
	fprintf(out, " class=\"hit\"><title>%.*s</title>", (int)(end - text), text);
	return true;
}

/* One step of the translation: what is known is replaced, anything else is copied by one byte. */
static void step(FILE *out, const char **at, const char *id)
{
	if (skip(at, "gpPt"))
		fprintf(out, "%s-p", id);
	else if (skip(at, "gpDot"))
		fprintf(out, "%s-d", id);
	else if (skip(at, "id=\"gnuplot_canvas\"") || skip(at, " id=\"gnuplot_plot_"))
		**at == '"' ? (void)0 : skip_past(at, "\"");
	else if (skip(at, "<filter "))
		skip_past(at, "</filter>");
	else if (skip(at, "='black'") || skip(at, "=\"black\""))
		fputs("=\"currentColor\"", out);
	else if (skip(at, "DejaVu Sans"))
		fputs("inherit", out);
	else if (!hypertext(out, at) && !colour(out, at))
		fputc(*(*at)++, out);
}

void svg_inline(FILE *out, const char *svg, const char *id, const char *alt)
{
	const char *at = svg, *box = strstr(svg, "viewBox=\"");
	int n = box ? (int)strcspn(box + 9, "\"") : 0;

	fprintf(out, "<svg role=\"img\" aria-label=\"");
	svg_escape(out, alt);
	fprintf(out,
	        "\" viewBox=\"%.*s\" xmlns=\"http://www.w3.org/2000/svg\" "
	        "xmlns:xlink=\"http://www.w3.org/1999/xlink\">",
	        n, box ? box + 9 : "");
	skip_past(&at, "<desc>");
	skip_past(&at, "</desc>");
	while (*at) {
		if (skip(&at, "<rect x=\"0\" y=\"0\"")) { /* the ground */
			skip_past(&at, "/>");
			continue;
		}
		if (skip(&at, "<title>gnuplot_plot_")) { /* a name that says nothing */
			skip_past(&at, "</title>");
			continue;
		}
		step(out, &at, id);
	}
}
