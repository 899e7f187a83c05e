/* One table of options: name, kind, where the value goes, what it does. */
#include "delay.h"

enum kind { ENDPOINT, NUMBER, TEXT, TIME, COUNT, RATE, LATE, SLOW, SWITCH };

struct row {
	const char *name, *sentence;
	enum kind kind;
	size_t at; /* in struct options */
};

#define AT(field) offsetof(struct options, field)

static const struct row rows[] = {
        {"listen", "endpoint (tcp://127.0.0.1:0)", ENDPOINT, AT(endpoint)},
        {"ready-fd", "descriptor for the ready line (standard output)", NUMBER, AT(ready_fd)},
        {"totals", "FILE for the totals, as JSON, at SIGTERM", TEXT, AT(totals)},
        {"arrivals", "FILE for the moment of each message, monotonic ns, one a line, at SIGTERM", TEXT, AT(arrivals)},
        {"delay", "TIME from receiving a message to its reply", TIME, AT(delay_ns)},
        {"service", "TIME that one queue for all takes for each message", TIME, AT(service_ns)},
        {"exponential", "service times are exponential, the same in every run; --service is their mean", SWITCH,
         AT(exponential)},
        {"stall-every", "TIME: at the end of each such period the server stands still", TIME, AT(stall_every_ns)},
        {"stall-for", "TIME that it stands still", TIME, AT(stall_for_ns)},
        {"reset-every", "N: RST for the message after N replies on a connection", COUNT, AT(reset_every)},
        {"slow-reader", "BYTES:TIME: receive so much, then rest so long", SLOW, AT(slow_read_ns)},
        {"spin", "never sleep: exact to a few us, takes a whole core", SWITCH, AT(spin)},
        {"space", "one space after the stamp", SWITCH, AT(space)},
#define X(id, name, total, sentence) {name, sentence, SPOIL_##id == SPOIL_LATE ? LATE : RATE, AT(spoil[SPOIL_##id])},
        SPOILS(X)
#undef X
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* "20ms" in nanoseconds, or -1. *end receives where it stopped. */
static long long time_parse(const char *text, char **end)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	double value = strtod(text, end);

	for (size_t i = 0; *end != text && value >= 0 && value < 1e6 && i < 4; i++) {
		size_t n = strlen(units[i].name);

		if (!strncmp(*end, units[i].name, n)) {
			*end += n;
			return value * units[i].ns;
		}
	}
	return -1;
}

static bool rate_parse(struct rate *rate, const char *text, char **end)
{
	rate->k = strtoll(text, end, 10);
	if (**end != '/')
		return false;
	rate->n = strtoll(*end + 1, end, 10);
	return rate->k > 0 && rate->n >= rate->k;
}

static bool value_parse(struct options *options, const struct row *row, const char *value)
{
	void *at = (char *)options + row->at;
	char *end = (char *)value;

	switch (row->kind) {
	case ENDPOINT: peer_parse(at, value); return true;
	case TEXT: *(const char **)at = value; return true;
	case SWITCH: *(bool *)at = true; return !*value;
	case NUMBER: *(int *)at = strtol(value, &end, 10); break;
	case COUNT: *(long long *)at = strtoll(value, &end, 10); break;
	case TIME:
		if ((*(long long *)at = time_parse(value, &end)) < 0)
			return false;
		break;
	case RATE:
		if (!rate_parse(at, value, &end))
			return false;
		break;
	case LATE:
		if (!rate_parse(at, value, &end) || *end != ':' || (options->late_ns = time_parse(end + 1, &end)) < 0)
			return false;
		break;
	case SLOW:
		options->slow_read_bytes = strtoll(value, &end, 10);
		if (options->slow_read_bytes <= 0 || *end != ':' || (*(long long *)at = time_parse(end + 1, &end)) < 0)
			return false;
		break;
	}
	return *value && !*end;
}

static void help(void)
{
	static const char *const shapes[] = {"URI", "FD", "FILE", "TIME", "N", "K/N", "K/N:TIME", "BYTES:TIME", NULL};

	puts("usage: delay [OPTION]...\nA timestamp server with known delays and faults (TIME: 20ms, K/N: 1/100).\n");
	for (size_t i = 0; i < N_ROWS; i++) {
		const char *shape = shapes[rows[i].kind];
		int n = printf("  --%s%s%s", rows[i].name, shape ? "=" : "", shape ? shape : "");

		printf("%*s%s\n", 28 - n, "", rows[i].sentence);
	}
	exit(0);
}

static void argument_parse(struct options *options, const char *arg)
{
	for (size_t i = 0; !strncmp(arg, "--", 2) && i < N_ROWS; i++) {
		const char *value = peer_value(arg + 2, rows[i].name);

		if (rows[i].kind == SWITCH && !strcmp(arg + 2, rows[i].name))
			value = "";
		if (!value)
			continue;
		if (!value_parse(options, &rows[i], value))
			peer_die(2, "%s: not allowed; --help shows what is", arg);
		return;
	}
	peer_die(2, "%s: no such option; --help lists them", arg);
}

void options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){.ready_fd = -1};
	peer_parse(&options->endpoint, "tcp://127.0.0.1:0");
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help"))
			help();
		argument_parse(options, argv[i]);
	}
	if (options->stall_every_ns && options->stall_for_ns >= options->stall_every_ns)
		peer_die(2, "--stall-for must be shorter than --stall-every");
}
