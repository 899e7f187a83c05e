/*
 * tsclient: the interactive client of the textbook's chapter. It prompts, sends a line, shows the reply, and ends on an
 * empty line; in a pipe it does the same without a prompt.
 */
#include "lines.h"
#include "talk.h"
#include "ts_log.h"
#include "ts_opt.h"
#include "ts_signal.h"
#include "ts_stdout.h"
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum framing { FRAMING_LINE, FRAMING_STREAM };

struct settings {
	int framing;
	int64_t timeout_ns;
	const char *prompt;
};

static const struct ts_opt rows[] = {
        {TS_OPT_GROUP, .help = "Conversation:"},
        {TS_OPT_CHOICE, "framing", .fallback = "line", .choices = "line|stream",
         .offset = offsetof(struct settings, framing),
         .help = "on streams, send each line with its ending, or the bare text and show what one receive brings"},
        {TS_OPT_DURATION, "timeout", .arg = "T", .fallback = "10s", .min = "1ms", .max = "1h",
         .offset = offsetof(struct settings, timeout_ns), .help = "how long to wait for a connection and for a reply"},
        {TS_OPT_TEXT, "prompt", .arg = "TEXT", .fallback = "> ", .offset = offsetof(struct settings, prompt),
         .help = "what to show before a line is typed, on a terminal"},
        {.type = TS_OPT_END},
};

static const struct ts_opt_program program = {
        .name = "tsclient",
        .operands = "[URI]",
        .max_operands = 1,
        .summary = "Talk with a timestamp server, line by line",
        .details =
                "URI is tcp://HOST:PORT, udp://HOST:PORT, unix:PATH or unixgram:PATH; tcp://127.0.0.1:21567 if none is "
                "given. An empty line, or the end of the input, ends the conversation.\n\n"
                "Examples:\n"
                "  tsclient                              talk with a server on this machine\n"
                "  printf 'hello\\n' | tsclient udp://127.0.0.1:21567\n\n"
                "Exit status: 0 every line was answered, 2 wrong usage, 3 the server could not be reached or left a "
                "line "
                "unanswered.",
        .options = rows,
};

static void show_prompt(const struct settings *s)
{
	if (isatty(STDIN_FILENO) && write(STDOUT_FILENO, s->prompt, strlen(s->prompt)) < 0)
		return; /* the next reply will say what is wrong with the output */
}

/* Wait for a line. NULL: the input has ended, or a signal came (ts_signal_stop). A server that ends first is an error
 * only when it owes a reply: here it does not, so the caller finds out with the next line. */
static const char *next_line(struct lines *input, size_t *n, int *result)
{
	const char *line;

	while (!(line = lines_next(input, n)) && !input->at_end && !ts_signal_stop()) {
		struct pollfd p = {.fd = input->fd, .events = POLLIN};

		if (poll(&p, 1, -1) > 0 && (*result = lines_fill(input)) < 0)
			return NULL;
	}
	return line;
}

static int converse(struct talk *talk, const struct settings *s, struct ts_err *err)
{
	struct lines input;
	const char *line;
	size_t n;
	int result = 0;

	lines_init(&input, STDIN_FILENO);
	show_prompt(s);
	while ((line = next_line(&input, &n, &result)) && n > 0) {
		result = talk_ask(talk, line, n, STDOUT_FILENO, err);
		if (result < 0)
			goto out;
		show_prompt(s);
	}
	if (result < 0)
		ts_err_set(err, -result, "cannot read the input: %s", strerror(-result));
	else if (!ts_signal_stop())
		result = talk_end(talk, STDOUT_FILENO, err);
out:
	lines_release(&input);
	return result;
}

int main(int argc, char **argv)
{
	const struct ts_log log = {"tsclient", TS_LOG_WARN};
	struct settings settings = {0};
	struct ts_opt_list operands = {0};
	struct ts_endpoint ep;
	struct talk talk;
	struct ts_err err = {0};

	ts_stdio_reserve();
	ts_signal_install();
	int result = ts_opt_parse(&program, argc, argv, &settings, &operands, NULL, &err);
	if (result == 0)
		result = ts_endpoint_parse(&ep, operands.n ? operands.items[0] : "tcp://", &err);
	if (result == 0)
		result = talk_open(&talk, &ep, settings.framing == FRAMING_LINE, settings.timeout_ns, &err);
	if (result == 0) {
		result = converse(&talk, &settings, &err);
		talk_close(&talk);
	}
	ts_opt_list_release(&operands);
	if (ts_signal_stop())
		return 128 + ts_signal_stop();
	return result < 0 ? ts_log_fail(&log, &err) : TS_EXIT_OK;
}
