/* How the server under test ended, if it did so by itself, and what it said. */
#include "launch_inside.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The last bytes that were written to fd: how many; buf ends with a NUL. */
static size_t read_last(int fd, char *buf, size_t size)
{
	off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
	off_t from = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;
	ssize_t n = end > 0 ? pread(fd, buf, size - 1, from) : 0;

	while (n > 0 && isspace((unsigned char)buf[n - 1]))
		n--;
	buf[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void make_printable(char *text)
{
	for (char *c = text; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = ' ';
}

const char *launch_said(const struct launch *l, char *buf, size_t size)
{
	if (read_last(l->wrong_fd, buf, size) == 0 && read_last(l->said_fd, buf, size) == 0)
		snprintf(buf, size, "it printed nothing");
	make_printable(buf);
	return buf;
}

/* Lines that name what went wrong: after them some runtimes write where it was, or their own version. */
static bool names_error(const char *line)
{
	static const char *const words[] = {"Error", "Exception", "panic", "rror: "};
	bool found = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		found |= strstr(line, words[i]) != NULL;
	return found && !isspace((unsigned char)*line);
}

/* Lines that tell where it was, or by whom. */
static bool tells_place(const char *line)
{
	static const char *const begins[] = {"stack traceback:", "Traceback", "Crash dump",
	                                     "goroutine ",       "Node.js v", "exit status"};
	bool found = isspace((unsigned char)*line);

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		found |= strncmp(line, begins[i], strlen(begins[i])) == 0;
	return found;
}

/* Of its standard error the last line that names an error, or else the last that tells more than a place, or the last;
 * "" where there is none. */
static void find_error(const struct launch *l, char *line, size_t size)
{
	char text[4096], *rest = text;
	bool named = false, told = false;

	*line = '\0';
	read_last(l->wrong_fd, text, sizeof(text));
	for (char *next; (next = strsep(&rest, "\n")) != NULL;) {
		bool names = names_error(next), tells = !tells_place(next);
		if (*next == '\0' || (named && !names) || (told && !tells))
			continue;
		named = names;
		told = tells;
		snprintf(line, size, "%s", next);
	}
	make_printable(line);
}

bool launch_tells_status(const struct launch *l)
{
	return strchr(l->pattern, '|') == NULL;
}

/* A shell tells of a signal so: NULL, if it is none. */
static const char *signal_behind(int exit_status)
{
	return exit_status > 128 ? sigdescr_np(exit_status - 128) : NULL;
}

const char *launch_how(const struct launch *l, int status, char *buf, size_t size)
{
	const char *signal = status == LAUNCH_UNKNOWN ? NULL : signal_behind(WEXITSTATUS(status));

	buf[0] = '\0';
	if (status != LAUNCH_UNKNOWN && WIFSIGNALED(status))
		snprintf(buf, size, " by signal %d (%s)", WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
	else if (status != LAUNCH_UNKNOWN && launch_tells_status(l))
		snprintf(buf, size, signal ? " with status %d (as if by a signal: %s)" : " with status %d",
		         WEXITSTATUS(status), signal);
	return buf;
}

/* What waitpid(2) would say of it. */
static int status_of(const siginfo_t *end)
{
	return end->si_code == CLD_EXITED ? W_EXITCODE(end->si_status, 0) : W_EXITCODE(0, end->si_status);
}

bool launch_ended(const struct launch *l, char *buf, size_t size)
{
	siginfo_t info = {0};
	char how[80], line[200];

	if (!l || l->pid <= 0 || l->told)
		return false;
	bool child = waitid(P_PID, (id_t)l->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
	bool runs = child ? info.si_pid == 0 : launch_runs(l->pid);
	if (runs || launch_listening(l) || launch_marked(l, 0) != 0)
		return false;
	if (size == 0)
		return true;
	launch_how(l, child ? status_of(&info) : LAUNCH_UNKNOWN, how, sizeof(how));
	find_error(l, line, sizeof(line));
	snprintf(buf, size, "the server ended by itself%s%s%s", how, *line ? ": " : "", line);
	return true;
}
