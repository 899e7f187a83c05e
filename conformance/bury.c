/* A server that is lost, or that ends by itself, is one finding: of which case, and in which words? */
#include "bury.h"
#include "result.h"
#include "ts_clock.h"
#include <stdio.h>
#include <string.h>

#define FLOOD 10000 /* bytes to a client that has ended */

static bool lost(const struct result *r)
{
	return r->selected && !r->done && r->failed_ns > 0;
}

bool bury_has_culprit(const struct report *report)
{
	for (size_t i = 0; i < report->n; i++)
		if (lost(&report->results[i]) && report->results[i].blame != GONE)
			return true;
	return false;
}

bool bury_is_cut(const struct result *r)
{
	return r->blame == BYTES &&
	       (r->sort == EARLY_END || r->sort == IDLE_END || r->sort == OWED_END || r->sort == ENDED);
}

/*
 * How likely is it to have killed the server? Whose conversation was cut off was in it at the end, whoever got
 * something wrong was in it before; others find nobody to connect to.
 */
static int suspicion(const struct result *r)
{
	int n = result_suspicion(r);

	return n == 0 || r->blame != BYTES ? n : n + (bury_is_cut(r) ? 8 : 4);
}

/* A refused connect is tried again for a second; that a datagram is not answered shows when the wait is over. */
static int64_t seen_within(const struct report *report)
{
	bool stream = ts_transport_is_stream(report->subject->endpoint.transport);

	return stream ? 1500 * TS_MS : report->subject->options->timeout_ns + 1500 * TS_MS;
}

struct result *bury_first_to_fail(struct report *report)
{
	struct result *first = NULL, *most = NULL;

	for (size_t i = 0; i < report->n; i++) {
		struct result *r = &report->results[i];
		if (lost(r) && (!first || r->failed_ns < first->failed_ns))
			first = r;
	}
	for (size_t i = 0; first && i < report->n; i++) {
		struct result *r = &report->results[i];
		if (lost(r) && r->failed_ns < first->failed_ns + seen_within(report) &&
		    (!most || suspicion(r) > suspicion(most)))
			most = r;
	}
	return most;
}

/* Ended before it was answered, in a case that does no harm: like all after it. */
static bool is_shut_out(const struct report *report, const struct result *r)
{
	return r->blame == BYTES && r->sort == EARLY_END && (report->shuts_out || result_suspicion(r) == 0);
}

/*
 * That the probe was answered, and the first client after it is not, says more than that it is lost. What may end a
 * conversation in one way or another may not end the server.
 */
static struct result *killer_behind(struct report *report, struct result *killer)
{
	const struct dialect *d = &report->subject->dialect;
	bool stream = ts_transport_is_stream(report->subject->endpoint.transport);
	bool second = strcmp(killer->row->id, "format.reply") == 0 && d->known && killer->blame != BYTES;
	const char *id = NULL;

	if (report->needs_next)
		id = "end.next-client";
	else if (second && d->empty_kills)
		id = "datagram.empty";
	else if (second)
		id = !stream                  ? d->goes_on ? "datagram.clients" : "datagram.many"
		     : d->n_after_end > FLOOD ? "end.no-flood"
		     : !d->ends               ? "end.half-close"
		                              : "end.next-client";
	else if ((killer->blame == GONE || is_shut_out(report, killer) || killer->requirement->level != MUST) &&
	         killer->row->stage != RUDE && strcmp(killer->row->id, "end.silent-client") != 0)
		id = stream ? "end.next-client" : "datagram.many";
	else if (!stream && killer->blame == SILENCE && killer->row->stage == ASIDE && result_suspicion(killer) == 0)
		id = "datagram.many";
	struct result *other = id ? result_of(report, id) : NULL;
	return other && other->selected && !other->done ? other : killer;
}

/* To be said of a server that was there for some clients, and then gone; "" for datagrams. */
static const char *count_served(int n, char *buf, size_t size)
{
	snprintf(buf, size, n == 1 ? ", after it had answered one client" : ", after it had answered %d clients", n);
	return n > 0 ? buf : "";
}

/* What the probe has seen of its first client's end, where that says more. True: the server stays with that client. */
static bool tells_of_probe(const struct dialect *d, const struct result *killer, char *why, size_t size)
{
	const bool probed = killer->duration_ns == 0, stays = probed && strcmp(killer->row->id, "end.half-close") == 0;

	if (probed && strcmp(killer->row->id, "end.no-flood") == 0)
		snprintf(why, size, "after its first client's end it sent %lld bytes that nobody had asked for",
		         (long long)d->n_after_end);
	if (stays)
		snprintf(why, size,
		         "the server does not end a conversation when its client has, and serves nobody else then");
	return stays;
}

/* It was never there for anybody, as far as is known. What the probe has met may be told already: then that is the one
 * finding, and this how it went on. */
static void tell_unanswered(struct report *report, struct result *r)
{
	struct result *told = result_of(report, "format.reply");
	char why[500];

	if (told->done && told->status == FAIL && told != r) {
		size_t n = strlen(told->message);
		snprintf(told->message + n, sizeof(told->message) - n, "; and then %.300s", r->message);
		result_not_run(report, "not run, for the server does not answer", told->row->id);
		return;
	}
	snprintf(why, sizeof(why), "%.499s", r->message);
	snprintf(r->message, sizeof(r->message), "the server has answered nobody so far: %s", why);
	r->flaky = false;
	result_judge(report, r);
	result_not_run(report, "not run, for the server does not answer", r->row->id);
}

void bury(struct report *report, struct result *killer)
{
	const struct dialect *d = &report->subject->dialect;
	if (d->unanswered && !d->known && killer->sort != ENDED) {
		tell_unanswered(report, killer);
		return;
	}
	const char *lost_text = report->shuts_out ? "the server closes on whoever comes; the first sign of it: "
	                        : report->needs_next
	                                ? "the server leaves a caller waiting until others call; the first sign of it: "
	                                : "the server is lost, it serves nobody any more; the first sign of it: ";
	const bool ended = killer->sort == ENDED;
	char why[500], served[60];

	snprintf(why, sizeof(why), "%s%.400s", killer->flaky ? RESULT_FLAKY : "", killer->message);
	const bool is_shut = is_shut_out(report, killer);
	killer->flaky = false; /* that it passed at the second look was its last */
	struct result *met_in = killer;
	killer = killer_behind(report, killer);
	if (!killer->trace && met_in->trace)
		killer->trace = strdup(met_in->trace);
	const bool stays = tells_of_probe(d, killer, why, sizeof(why));
	if (killer->blame == NOBODY || killer->blame == OURSELVES)
		killer->blame = GONE;
	bool counted = ((killer->blame == GONE || killer->blame == SILENCE) && !stays) || is_shut ||
	               strcmp(killer->row->id, "end.many") == 0;
	snprintf(killer->message, sizeof(killer->message), "%s%s%s", ended || stays ? "" : lost_text, why,
	         counted ? count_served(report->subject->n_served, served, sizeof(served)) : "");
	result_judge(report, killer);
	result_not_run(report, "not run, for the server was lost before", killer->row->id);
}

/* The case about a server that ends whatever it is asked, if it is not decided yet; or a MUST that has met its end. */
static struct result *case_of_end(struct report *report, struct result *met)
{
	bool stream = ts_transport_is_stream(report->subject->endpoint.transport);
	struct result *own = result_of(report, stream ? "end.next-client" : "datagram.many");

	return own->selected && !own->done ? own : met;
}

bool bury_ender(struct report *report, struct result *met, int n_served)
{
	struct result *r = case_of_end(report, met);
	char how[400], served[60];

	if (r->requirement->level != MUST)
		return false;
	snprintf(how, sizeof(how), "%.399s", met->message + met->end_at);
	snprintf(r->message, sizeof(r->message), "%s%s", how, count_served(n_served, served, sizeof(served)));
	r->blame = GONE;
	r->sort = ENDED;
	r->flaky = false;
	result_judge(report, r);
	report->ender = r;
	result_not_run(report, "not run, for the server ends by itself", r->row->id);
	return true;
}
