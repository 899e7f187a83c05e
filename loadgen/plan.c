#include "plan.h"
#include "source.h"
#include "ts_clock.h"
#include "ts_units.h"
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_targets(struct plan *p, const struct ts_opt_list *uris, struct ts_err *err)
{
	if (uris->n > PLAN_TARGETS_MAX)
		return ts_err_usage(err, "at most %d endpoints can be loaded at once", PLAN_TARGETS_MAX);
	for (size_t i = 0; i < uris->n; i++) {
		int result = ts_endpoint_parse(&p->targets[i], uris->items[i], err);
		if (result < 0)
			return result;
		if (ts_endpoint_port(&p->targets[i]) == 0)
			return ts_err_usage(err, "%s: port 0 cannot be called", uris->items[i]);
	}
	p->n_targets = uris->n;
	return 0;
}

static bool any_datagram(const struct plan *p)
{
	for (size_t i = 0; i < p->n_targets; i++)
		if (!ts_transport_is_stream(p->targets[i].transport))
			return true;
	return false;
}

static bool any_stream(const struct plan *p)
{
	for (size_t i = 0; i < p->n_targets; i++)
		if (ts_transport_is_stream(p->targets[i].transport))
			return true;
	return false;
}

static int parse_percentiles(struct plan *p, struct ts_err *err)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", p->percentiles_text);
	if (copy[0] == ',' || copy[strlen(copy) - 1] == ',' || strstr(copy, ",,"))
		return ts_err_usage(err, "--percentiles=%s: must be numbers with one comma between them",
		                    p->percentiles_text);
	for (char *save, *part = strtok_r(copy, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *end;
		double q = strtod(part, &end);
		if (strspn(part, "0123456789.") != strlen(part) || *end != '\0' || !(q > 0 && q <= 100))
			return ts_err_usage(err, "--percentiles=%s: must be numbers above 0 to 100, such as 50,90,99.9",
			                    p->percentiles_text);
		for (size_t i = 0; i < p->n_percentiles; i++)
			if (p->percentiles[i] == q)
				return ts_err_usage(err, "--percentiles=%s: must name each number once",
				                    p->percentiles_text);
		if (strlen(part) > 9)
			return ts_err_usage(err, "--percentiles=%s: must have at most six decimals",
			                    p->percentiles_text);
		if (p->n_percentiles == PLAN_PERCENTILES_MAX)
			return ts_err_usage(err, "--percentiles: must be at most %d numbers", PLAN_PERCENTILES_MAX);
		p->percentiles[p->n_percentiles++] = q;
	}
	return p->n_percentiles > 0 ? 0 : ts_err_usage(err, "--percentiles: must be at least one number");
}

const char *plan_percentile_name(const struct plan *p, size_t i, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "%.10f", p->percentiles[i]);

	while (buf[n - 1] == '0')
		n--;
	buf[buf[n - 1] == '.' ? n - 1 : n] = '\0';
	return buf;
}

/* "ADDRESS/BITS" or one address, of either family. */
static int parse_source(struct plan *p, struct ts_err *err)
{
	char copy[80], *slash;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&p->source.base.addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&p->source.base.addr;
	long bits, width;

	if (!p->source_text) {
		source_default(p);
		return 0;
	}
	snprintf(copy, sizeof(copy), "%s", p->source_text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	memset(&p->source.base, 0, sizeof(p->source.base));
	if (inet_pton(AF_INET, copy, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		p->source.base.addr_len = sizeof(*in4);
		width = 32;
	} else if (inet_pton(AF_INET6, copy, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		p->source.base.addr_len = sizeof(*in6);
		width = 128;
	} else {
		goto wrong;
	}
	bits = slash ? strtol(slash, NULL, 10) : width;
	if (slash && (*slash == '\0' || strspn(slash, "0123456789") != strlen(slash)))
		goto wrong;
	if (bits > width)
		goto wrong;
	source_ports(&p->source.low_port, &p->source.n_ports);
	p->source.n_addresses = width - bits >= 32 ? 1ULL << 32 : 1ULL << (width - bits);
	for (size_t i = 0; i < p->n_targets; i++)
		if (p->targets[i].addr.ss_family != p->source.base.addr.ss_family)
			return ts_err_usage(err, "--source=%s: its family is not that of every endpoint",
			                    p->source_text);
	return 0;
wrong:
	return ts_err_usage(err, "--source=%s: must be an address or a CIDR block, such as 127.0.0.0/24",
	                    p->source_text);
}

void plan_source_address(const struct plan *p, uint64_t i, struct ts_endpoint *ep)
{
	uint32_t low;

	*ep = p->source.base;
	/* The block's first address is a network's name, not a host: begin after it, where there is room. */
	i = p->source.n_addresses > 2 ? 1 + i % (p->source.n_addresses - 2) : i % p->source.n_addresses;
	if (ep->addr.ss_family == AF_INET) {
		struct sockaddr_in *in4 = (struct sockaddr_in *)&ep->addr;
		in4->sin_addr.s_addr = htonl(ntohl(in4->sin_addr.s_addr) + (uint32_t)i);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ep->addr;
		memcpy(&low, &in6->sin6_addr.s6_addr[12], 4);
		low = htonl(ntohl(low) + (uint32_t)i);
		memcpy(&in6->sin6_addr.s6_addr[12], &low, 4);
	}
}

/* "auto" is not said. A stated kind fixes the text; its digits and zone are learned. */
static int parse_dialect(struct plan *p, struct ts_err *err)
{
	struct learn_stated *s = &p->stated;

	s->separator = strcmp(p->separator_text, "auto") != 0;
	if (s->separator)
		snprintf(s->separator_text, sizeof(s->separator_text), "%s", p->separator_text);
	s->time = strcmp(p->time_text, "auto") != 0;
	return s->time ? ts_err_prefix(err, ts_stamp_format_parse(&s->stamp, p->time_text, err), "--time") : 0;
}

/* Where no --duration is given, a number of requests, the stages or the trace end the run; else ten seconds do. */
static void choose_duration(struct plan *p)
{
	if (p->schedule.n_stages > 0 || p->schedule.arrival == PACER_TRACE) {
		int64_t all_ns = pacer_schedule_duration_ns(&p->schedule);
		p->load_ns = p->duration_ns > 0 && p->warmup_ns + p->duration_ns < all_ns
		                     ? p->warmup_ns + p->duration_ns
		                     : all_ns;
	} else if (p->duration_ns > 0) {
		p->load_ns = p->warmup_ns + p->duration_ns;
	} else if (p->n_requests > 0) {
		p->load_ns = PACER_NEVER;
	} else {
		p->duration_ns = p->find_max_text || p->sweep_text ? 2 * TS_S : 10 * TS_S;
		p->load_ns = p->warmup_ns + p->duration_ns;
	}
}

static int lay_schedule(struct plan *p, struct ts_err *err)
{
	double rate = p->session_rate_per_s > 0 ? p->session_rate_per_s : p->rate_per_s;
	int result;

	p->schedule.seed = (uint64_t)p->seed;
	if (strcmp(p->arrival_text, "constant") == 0)
		p->schedule.arrival = PACER_CONSTANT;
	else if (strcmp(p->arrival_text, "poisson") == 0)
		p->schedule.arrival = PACER_POISSON;
	else if (strncmp(p->arrival_text, "trace:", 6) == 0)
		p->schedule.arrival = PACER_TRACE;
	else
		return ts_err_usage(err, "--arrival=%s: must be constant, poisson or trace:FILE", p->arrival_text);
	for (size_t i = 0; i < p->stage_texts.n; i++) {
		result = pacer_stage_parse(&p->schedule, p->stage_texts.items[i], err);
		if (result < 0)
			return result;
	}
	if (p->schedule.arrival == PACER_TRACE) {
		result = pacer_trace_load(&p->schedule, p->arrival_text + 6, err);
		if (result < 0)
			return result;
	}
	if (p->schedule.n_stages > 0 && (rate > 0 || p->schedule.arrival == PACER_TRACE))
		return ts_err_usage(err,
		                    "--stage: says the rate itself, and goes with neither --rate nor --arrival=trace");
	pacer_schedule_close(&p->schedule);
	choose_duration(p);
	if (rate > 0 && p->schedule.arrival != PACER_TRACE)
		return plan_set_rate(p, rate, err);
	p->open_loop = p->schedule.n_stages > 0 || p->schedule.arrival == PACER_TRACE;
	return 0;
}

int plan_set_rate(struct plan *p, double rate_per_s, struct ts_err *err)
{
	struct pacer_stage stage = {.from_per_s = rate_per_s, .to_per_s = rate_per_s};

	stage.duration_ns = p->load_ns == PACER_NEVER ? PLAN_ENDLESS_NS : p->load_ns;
	if (p->session_rate_per_s > 0)
		p->session_rate_per_s = rate_per_s;
	else
		p->rate_per_s = rate_per_s;
	free(p->schedule.stages);
	p->schedule.stages = NULL;
	p->schedule.n_stages = 0;
	if (pacer_stage_add(&p->schedule, &stage) < 0)
		return ts_err_set(err, ENOMEM, "out of memory");
	pacer_schedule_close(&p->schedule);
	p->open_loop = true;
	return 0;
}

/* What the kernel charges a receive buffer for one datagram: its data in a power of two, and the sk_buff. */
static int64_t charge_of(int64_t size)
{
	int64_t room = 512;

	while (room < size + 384)
		room *= 2;
	return room + 256;
}

int64_t plan_window(const struct plan *p)
{
	long buffer = 212992;
	int64_t window = p->n_window;
	FILE *f;

	if (p->open_loop || (window == 0 && !any_datagram(p)))
		return 0;
	if (window == 0) {
		f = fopen("/proc/sys/net/core/rmem_default", "re");
		if (f && fscanf(f, "%ld", &buffer) != 1)
			buffer = 212992;
		if (f)
			fclose(f);
		window = buffer / 2 / charge_of(p->size.max_bytes);
	}
	if (window < 1)
		window = 1;
	return window < p->n_connections * p->n_pipeline ? window : 0;
}

/* Settings that contradict each other. */
static int check(const struct plan *p, struct ts_err *err)
{
	if (p->session_rate_per_s > 0 && p->rate_per_s > 0)
		return ts_err_usage(err, "--session-rate: says when sessions come, and cannot go with --rate");
	if (p->session_rate_per_s > 0 && p->n_session == 0)
		return ts_err_usage(err, "--session-rate: needs --session=N, the requests of one session");
	if (p->find_max_text && p->sweep_text)
		return ts_err_usage(err, "--find-max: cannot go with --sweep");
	if ((p->find_max_text || p->sweep_text) &&
	    (p->stage_texts.n > 0 || p->schedule.arrival == PACER_TRACE || p->n_requests > 0))
		return ts_err_usage(
		        err, "--find-max, --sweep: choose the rate themselves, without --stage, a trace or --requests");
	if (p->kernel_stamps && p->n_pipeline > 1)
		return ts_err_usage(err, "--kernel-stamps: needs --pipeline=1, so that a stamp belongs to one request");
	for (size_t i = 0; p->kernel_stamps && i < p->n_targets; i++)
		if (p->targets[i].transport != TS_TCP && p->targets[i].transport != TS_UDP)
			return ts_err_usage(err, "--kernel-stamps: the kernel stamps TCP and UDP only");
	if (p->n_session > 0 && any_datagram(p))
		return ts_err_usage(err, "--session: datagram sockets have no connection to end");
	if (any_datagram(p) && p->size.max_bytes > PLAN_DATAGRAM_MAX)
		return ts_err_usage(err, "--size=%s: must be at most %d bytes on datagram sockets", p->size_text,
		                    PLAN_DATAGRAM_MAX);
	if (p->n_slow > 0 && any_datagram(p))
		return ts_err_usage(err, "--slow-share: a datagram server cannot be held back; streams only");
	if (p->n_slow > 0 && p->n_slow >= p->n_connections)
		return ts_err_usage(err, "--slow-share=%g%%: must leave one of %lld connections to measure",
		                    p->slow_share * 100, (long long)p->n_connections);
	if (p->framing == FRAMING_LINE && p->size.min_bytes < 2)
		return ts_err_usage(err, "--size=%s: must be at least 2 with --framing=line: one byte of data, and LF",
		                    p->size_text);
	if (p->framing == FRAMING_CRLF && p->size.min_bytes < 3)
		return ts_err_usage(err,
		                    "--size=%s: must be at least 3 with --framing=crlf: one byte of data, and CR LF",
		                    p->size_text);
	if (p->n_connections + p->n_idle > UINT32_MAX / 2)
		return ts_err_usage(err, "--connections: must be less than 2G");
	return 0;
}

int plan_close(struct plan *p, const struct ts_opt_list *uris, struct ts_err *err)
{
	int result = parse_targets(p, uris, err);

	if (result == 0)
		result = size_parse(&p->size, p->size_text, err);
	if (p->n_threads > p->n_connections)
		p->n_threads = p->n_connections; /* a thread without a connection could do nothing */
	p->n_slow = p->slow_share > 0 ? llround(fmax(1, p->slow_share * (double)p->n_connections)) : 0;
	if (result == 0)
		result = parse_percentiles(p, err);
	if (result == 0)
		result = parse_source(p, err);
	if (result == 0)
		result = parse_dialect(p, err);
	if (result == 0)
		result = lay_schedule(p, err);
	if (result < 0)
		return result;
	p->sessions_open = p->open_loop && p->session_rate_per_s > 0;
	/* The reply to a message that ends in LF is legal in both framings, so "auto" need not know which it is. */
	p->lf = any_stream(p) && p->framing != FRAMING_STREAM && p->size.min_bytes > 1;
	p->cr = p->lf && p->framing == FRAMING_CRLF;
	return check(p, err);
}

void plan_release(struct plan *p)
{
	size_release(&p->size);
	pacer_schedule_release(&p->schedule);
	ts_opt_list_release(&p->stage_texts);
	ts_opt_list_release(&p->threshold_texts);
}
