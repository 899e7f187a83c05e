#include "plot.h"
#include "embedded.h"
#include "ts_json.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEIGHT_DEFAULT 440
#define TITLE_LINE     70 /* glyphs that have room above a chart */
#define FOREIGN_FIRST  15 /* line types of style.gp for modes that style.def does not know */
#define FOREIGN_N      6

int plot_init(struct plot *p, const char *id, struct ts_err *err)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->id, sizeof(p->id), "%s", id);
	p->height = HEIGHT_DEFAULT;
	p->dat = open_memstream(&p->dat_text, &p->n_dat);
	p->gp = open_memstream(&p->gp_text, &p->n_gp);
	return p->dat && p->gp ? 0 : ts_err_set(err, ENOMEM, "no memory for a chart");
}

static void close_streams(struct plot *p)
{
	if (p->dat)
		fclose(p->dat);
	if (p->gp)
		fclose(p->gp);
	p->dat = p->gp = NULL;
}

void plot_release(struct plot *p)
{
	close_streams(p);
	free(p->dat_text);
	free(p->gp_text);
	p->dat_text = p->gp_text = NULL;
}

const char *plot_quoted(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	buf[n++] = '\'';
	for (; *text && n + 3 < size; text++) {
		if (*text == '\'')
			buf[n++] = '\'';
		buf[n++] = *text;
	}
	buf[n++] = '\'';
	buf[n] = '\0';
	return buf;
}

const char *plot_title(const char *text, char *buf, size_t size)
{
	const char *colon = strstr(text, ": ");
	char head[100];
	size_t n;

	if (!colon || strlen(text) <= TITLE_LINE || (size_t)(colon - text) >= sizeof(head))
		return plot_quoted(text, buf, size);
	snprintf(head, sizeof(head), "%.*s", (int)(colon - text), text);
	plot_quoted(head, buf, size);
	n = strlen(buf);
	n += (size_t)snprintf(buf + n, size - n, ".\"\\n\".");
	plot_quoted(colon + 2, buf + n, size - n);
	return buf;
}

/* The line type of a mode in style.def, or 0. */
static int known_linetype(const char *name)
{
	static const struct {
		const char *mode;
		int linetype;
	} rows[] = {
#define STYLE_ROW(mode, linetype) {mode, linetype},
#include "style.def"
#undef STYLE_ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].mode, name) == 0)
			return rows[i].linetype;
	return 0;
}

int plot_linetype_of(const char *name, int n_foreign)
{
	int linetype = known_linetype(name);

	return linetype ? linetype : FOREIGN_FIRST + n_foreign % FOREIGN_N;
}

int plot_linetype(const struct runset *set, size_t mode)
{
	int n_foreign = 0;

	for (size_t m = 0; m < mode; m++)
		n_foreign += known_linetype(set->modes[m].name) == 0;
	return plot_linetype_of(set->modes[mode].name, n_foreign);
}

static int write_beside(const char *dir, const char *id, const char *ending, const char *text, size_t n,
                        struct ts_err *err)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s%s", dir, id, ending) >= (int)sizeof(path))
		return ts_err_set(err, ENAMETOOLONG, "%s: the path is too long", dir);
	return ts_file_write(path, text, n, err);
}

int plot_style_write(const char *dir, struct ts_err *err)
{
	const char *text = embedded_text("style.gp");

	return write_beside(dir, "style", ".gp", text, strlen(text), err);
}

/* In the child: gnuplot in dir, its messages into the pipe, nothing to read. */
static void exec_gnuplot(const char *dir, const char *script, int messages)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (chdir(dir) == 0 && null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(messages, STDERR_FILENO);
		setenv("LC_ALL", "C.UTF-8", 1);
		execlp("gnuplot", "gnuplot", script, (char *)NULL);
	}
	_exit(127);
}

/* What gnuplot said last: it shows the command, a caret, and then what is wrong, which is what people want to know. */
static void read_message(int fd, char *text, size_t size)
{
	char chunk[512];
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, chunk, sizeof(chunk))) > 0)
		for (ssize_t i = 0; i < got; i++) {
			if (chunk[i] != '\n' && n > 0 && text[n - 1] == '\n')
				n = 0; /* a new line takes the place of the one before */
			if (n < size - 1 && (chunk[i] != '\n' || n > 0))
				text[n++] = chunk[i];
		}
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
}

static int start_gnuplot(struct plot_job *job, struct ts_err *err)
{
	char script[128];
	int fds[2], error;

	snprintf(script, sizeof(script), "%s.gp", job->id);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return ts_err_set(err, errno, "cannot make a pipe: %s", strerror(errno));
	job->pid = fork();
	error = errno;
	if (job->pid == 0)
		exec_gnuplot(job->dir, script, fds[1]);
	close(fds[1]);
	job->messages = fds[0];
	if (job->pid > 0)
		return 0;
	close(fds[0]);
	return ts_err_set(err, error, "cannot start gnuplot: %s", strerror(error));
}

static bool ends_with(const char *path, const char *last)
{
	char tail[64] = "";
	size_t n = strlen(last), got = 0;
	FILE *in = fopen(path, "re");

	if (in && fseek(in, -(long)(sizeof(tail)), SEEK_END) == 0)
		got = fread(tail, 1, sizeof(tail), in);
	if (in)
		fclose(in);
	return got >= n && memmem(tail, got, last, n);
}

/* gnuplot does not notice a full disk: is each picture there to its end? What is not is removed. */
static int check_pictures(const struct plot_job *job, struct ts_err *err)
{
	static const struct {
		const char *ending, *last;
	} kinds[] = {{".svg", "</svg>"}, {".png", "IEND"}};
	char path[sizeof(job->dir) + sizeof(job->id) + 8];
	int rc = 0;

	for (size_t i = 0; i < 1 + (size_t)job->png; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", job->dir, job->id, kinds[i].ending);
		if (ends_with(path, kinds[i].last))
			continue;
		unlink(path);
		rc = ts_err_set(err, EIO, "%s: gnuplot could not write it to its end; is the disk full?", path);
	}
	return rc;
}

int plot_wait(struct plot_job *job, struct ts_err *err)
{
	char message[300];
	int status = 0, rc;

	read_message(job->messages, message, sizeof(message));
	close(job->messages);
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	job->pid = 0;
	rc = check_pictures(job, err);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return ts_err_set(err, ENOENT, "gnuplot cannot be started: install it with `make deps`");
	if (status != 0)
		return ts_err_set(err, EIO, "gnuplot failed on %s/%s.gp: %s", job->dir, job->id,
		                  message[0] ? message : "without a word");
	return rc;
}

int plot_start(struct plot *p, const char *dir, bool png, struct plot_job *job, struct ts_err *err)
{
	char head[512], *body = NULL, *gp = NULL;
	int n, rc;

	fflush(p->gp); /* gp_text is then the chart's own text: settings, and a plot command at the end */
	body = strdup(p->gp_text);
	close_streams(p);
	snprintf(head, sizeof(head),
	         "# `gnuplot %s.gp` draws this chart from %s.dat.\n"
	         "load 'style.gp'\n"
	         "eval svg(%d)\n"
	         "set output '%s.svg'\n",
	         p->id, p->id, p->height, p->id);
	n = body ? asprintf(&gp, "%s%s", head, body) : -1;
	if (n >= 0 && png) {
		char *more = NULL;

		n = asprintf(&more, "%seval png(%d)\nset output '%s.png'\nreplot\n", gp, p->height, p->id);
		free(gp);
		gp = more;
	}
	free(body);
	if (n < 0)
		return ts_err_set(err, ENOMEM, "no memory for a chart");
	rc = write_beside(dir, p->id, ".dat", p->dat_text, p->n_dat, err);
	if (rc == 0)
		rc = write_beside(dir, p->id, ".gp", gp, (size_t)n, err);
	free(gp);
	job->png = png;
	snprintf(job->dir, sizeof(job->dir), "%s", dir);
	snprintf(job->id, sizeof(job->id), "%s", p->id);
	return rc == 0 ? start_gnuplot(job, err) : rc;
}
