#include "options.h"
#include "ts_live.h"
#include "ts_stamp.h"
#include <fnmatch.h>
#include <string.h>

#define SOME_MOMENT INT64_C(1795343400123456789)

/* A pattern that tells no time would blame every server: what it writes must be read back. */
static int check_pattern(const struct ts_stamp_format *format, struct ts_err *err)
{
	const char *text, *why = "";
	struct ts_stamp_writer writer;
	struct ts_stamp stamp;

	ts_stamp_writer_init(&writer, format, "");
	size_t n = ts_stamp_write(&writer, SOME_MOMENT, &text);
	if (n > 1 && ts_stamp_read(&stamp, format, text + 1, n - 1, &why) == 0) /* behind the [ */
		return 0;
	return ts_err_usage(err, "tells no time that can be read back: %s", why);
}

static int check_time(const char *text, void *settings, struct ts_err *err)
{
	struct ts_stamp_format format = {0};
	int rc = strcmp(text, "auto") == 0 ? 0 : ts_stamp_format_parse(&format, text, err);

	(void)settings;
	return rc == 0 && format.kind == TS_STAMP_STRFTIME ? check_pattern(&format, err) : rc;
}

static int check_separator(const char *text, void *settings, struct ts_err *err)
{
	(void)settings;
	return strlen(text) <= TS_SEPARATOR_MAX && !strpbrk(text, "[]")
	               ? 0
	               : ts_err_usage(err, "must be auto or at most %d bytes, without brackets", TS_SEPARATOR_MAX);
}

#define AT(name) .offset = offsetof(struct options, name)

static const struct ts_opt rows[] = {
        {.type = TS_OPT_GROUP, .help = "What is judged"},
        {.type = TS_OPT_TEXT,
         .name = "exec",
         .key = 'e',
         .arg = "COMMAND",
         AT(exec),
         .help = "start, stop and restart the server with this shell command; {uri}, {host}, {port} and {path} in it "
                 "are filled in"},
        {.type = TS_OPT_TEXT,
         .name = "client",
         .key = 'c',
         .arg = "COMMAND",
         AT(client),
         .help = "play the server for this shell command, a client that reads lines from its input, and judge it; URI "
                 "is where to listen (default tcp://127.0.0.1:0)"},
        {.type = TS_OPT_FLAG,
         .name = "list",
         .key = 'l',
         AT(list),
         .help = "print the cases that --only and --skip select, else all: id, level, transports, requirement"},
        {.type = TS_OPT_LIST,
         .name = "only",
         .key = 'o',
         .arg = "PATTERN",
         AT(only),
         .help = "run the cases whose id fits, such as end.* (may be given again)"},
        {.type = TS_OPT_LIST,
         .name = "skip",
         .key = 's',
         .arg = "PATTERN",
         AT(skip),
         .help = "leave out the cases whose id fits (may be given again)"},
        {.type = TS_OPT_FLAG, .name = "strict", AT(strict), .help = "a broken SHOULD counts like a broken MUST"},
        {.type = TS_OPT_FLAG, .name = "text", AT(text), .help = "send valid UTF-8 text only"},
        {.type = TS_OPT_FLAG,
         .name = "words",
         AT(words),
         .help = "with --exec: also send words that some servers obey, and a shell canary"},

        {.type = TS_OPT_GROUP, .help = "How the server speaks (found by probing unless stated)"},
        {.type = TS_OPT_CHOICE,
         .name = "framing",
         .arg = "HOW",
         .fallback = "auto",
         .choices = CHOICES_FRAMING,
         AT(framing),
         .help = "what a message is"},
        {.type = TS_OPT_TEXT,
         .name = "time",
         .arg = "FORMAT",
         .fallback = "auto",
         .check = check_time,
         AT(time),
         .help = "the time text: auto, " TS_STAMP_KINDS ":FMT"},
        {.type = TS_OPT_TEXT,
         .name = "separator",
         .arg = "TEXT",
         .fallback = "auto",
         .check = check_separator,
         AT(separator),
         .help = "what stands between ] and the data"},
        {.type = TS_OPT_CHOICE,
         .name = "session",
         .arg = "HOW",
         .fallback = "auto",
         .choices = CHOICES_SESSION,
         AT(session),
         .help = "how long a conversation lasts"},
        {.type = TS_OPT_CHOICE,
         .name = "concurrency",
         .arg = "HOW",
         .fallback = "auto",
         .choices = CHOICES_CONCURRENCY,
         AT(concurrency),
         .help = "whether clients are served at a time"},
        {.type = TS_OPT_CHOICE,
         .name = "empty-datagram",
         .arg = "HOW",
         .fallback = "auto",
         .choices = CHOICES_EMPTY,
         AT(empty_datagram),
         .help = "what an empty datagram gets"},

        {.type = TS_OPT_GROUP, .help = "How it is judged"},
        {.type = TS_OPT_DURATION,
         .name = "timeout",
         .arg = "T",
         .fallback = OPTIONS_TIMEOUT,
         .min = "10ms",
         .max = "10m",
         AT(timeout_ns),
         .help = "how long to wait for what is owed; some round trips of the server are added"},
        {.type = TS_OPT_COUNT,
         .name = "cases",
         .arg = "N",
         .fallback = "12",
         .min = "1",
         .max = "100000",
         AT(n_random_cases),
         .help = "how many random inputs stream.random tries"},
        {.type = TS_OPT_COUNT,
         .name = "seed",
         .arg = "N",
         .fallback = "0",
         .min = "0",
         AT(seed),
         .help = "what the random inputs are made from; 0 takes a new one each time"},
        {.type = TS_OPT_COUNT,
         .name = "jobs",
         .key = 'j',
         .arg = "N",
         .fallback = "16",
         .min = "1",
         .max = "64",
         AT(n_jobs),
         .help = "how many clients talk at a time, if the server is concurrent"},

        {.type = TS_OPT_GROUP, .help = "Report"},
        {.type = TS_OPT_CHOICE,
         .name = "format",
         .arg = "NAME",
         .fallback = "human",
         .choices = "human|tap",
         AT(format),
         .help = "what is printed on standard output"},
        {.type = TS_OPT_CHOICE,
         .name = "progress",
         .arg = "WHEN",
         .fallback = "auto",
         .choices = TS_LIVE_CHOICES,
         AT(progress),
         .help = "show on standard error how far it is; auto: on a terminal"},
        {.type = TS_OPT_TEXT,
         .name = "json",
         .arg = "FILE",
         AT(json),
         .help = "write the result as JSON (- is standard output)"},
        {.type = TS_OPT_TEXT,
         .name = "junit",
         .arg = "FILE",
         AT(junit),
         .help = "write the result as JUnit XML (- is standard output)"},
        {.type = TS_OPT_TEXT,
         .name = "trace",
         .arg = "ID",
         AT(trace),
         .help = "run this case alone and print the bytes on the wire, whether it passes or not"},
        {.type = TS_OPT_END},
};

static const char details[] =
        "Examples:\n"
        "  tsconform tcp://127.0.0.1:21567\n"
        "  tsconform --only='end.*' unix:/tmp/ts.sock\n"
        "  tsconform --client 'socat - TCP:{host}:{port}'\n"
        "  tsconform --exec 'python3 server.py {port}' --junit=r.xml tcp://127.0.0.1:0\n"
        "\n"
        "Exit status: 0 no MUST was broken, 1 one was, 2 wrong usage, 3 the server could not be reached.";

const struct ts_opt_program options_program = {
        .name = "tsconform",
        .operands = "URI",
        .min_operands = 0,
        .max_operands = 1,
        .summary = "judge a timestamp server, in any language, by the protocol",
        .details = details,
        .options = rows,
};

bool options_fits(const char *pattern, const char *id)
{
	return fnmatch(pattern, id, 0) == 0;
}

static bool fits(const struct ts_opt_list *patterns, const char *id)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (options_fits(patterns->items[i], id))
			return true;
	return false;
}

bool options_select(const struct options *o, const char *id)
{
	if (o->trace)
		return strcmp(o->trace, id) == 0;
	return (o->only.n == 0 || fits(&o->only, id)) && !fits(&o->skip, id);
}

const char *options_pattern(const struct options *o)
{
	static const char kind[] = "strftime:";
	const size_t n = sizeof(kind) - 1;

	return strncmp(o->time, kind, n) == 0 ? o->time + n : NULL;
}

int options_check(const struct options *o, struct ts_err *err)
{
	if (o->words && !o->exec)
		return ts_err_usage(err,
		                    "--words: needs --exec, because a server that obeys words is not one to play with");
	if (o->client && o->exec)
		return ts_err_usage(err, "--client --exec: either a client or a server is judged");
	if (o->client && (o->framing || o->session || o->concurrency || o->empty_datagram))
		return ts_err_usage(
		        err, "--client: --framing, --session, --concurrency and --empty-datagram are of servers");
	if (o->framing == SAID_LINE && strpbrk(o->separator, "\r\n"))
		return ts_err_usage(err, "--separator: a line end would end the reply, where lines are framed");
	if (o->json && o->junit && strcmp(o->json, "-") == 0 && strcmp(o->junit, "-") == 0)
		return ts_err_usage(err, "--json=- --junit=-: only one of them can be standard output");
	if (o->json && o->junit && strcmp(o->json, o->junit) == 0 && strncmp(o->json, "/dev/", 5) != 0)
		return ts_err_usage(err, "--junit=%s: must be another file than that of --json", o->junit);
	return 0;
}
