/*
 * What the files of the suite share: requirements and cases as rows, the server under test, and one turn of one case.
 *
 * A case is one function, `void case_x(struct turn *t)`. It sends, cuts, expects and ends with the clients of peer.h
 * and dgram.h; the first thing that goes wrong is noted in the turn, and from then on every client call returns false.
 * Threads: each turn belongs to one thread. The subject is written by the probe, and read by everybody after it, but
 * for the fields that say so.
 */
#ifndef SUITE_H
#define SUITE_H

#include "dialect.h"
#include "launch.h"
#include "options.h"
#include "trace.h"
#include "ts_endpoint.h"
#include "ts_random.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum level { MUST, SHOULD, MAY };
const char *level_name(enum level level);

enum {
	ON_TCP = 1 << TS_TCP,
	ON_UDP = 1 << TS_UDP,
	ON_UNIX = 1 << TS_UNIX,
	ON_UNIXGRAM = 1 << TS_UNIXGRAM,
	ON_STREAM = ON_TCP | ON_UNIX,
	ON_DATAGRAM = ON_UDP | ON_UNIXGRAM,
	ON_ALL = ON_STREAM | ON_DATAGRAM
};

struct requirement {
	const char *id;
	enum level level;
	unsigned transports;
	const char *anchor, *sentence;
};

/* What a case needs of the dialect and of the options; a case that lacks one is skipped, and says which. */
enum {
	NEEDS_LASTING = 1 << 0,
	NEEDS_ONE_SHOT = 1 << 1,
	NEEDS_RAW = 1 << 2, /* stream framing */
	NEEDS_LINES = 1 << 3,
	NEEDS_CONCURRENT = 1 << 4,
	NEEDS_EXEC = 1 << 5,
	NEEDS_BINARY = 1 << 6, /* not with --text */
	NEEDS_WORDS = 1 << 7,
	/* These are no needs. */
	HAS_SAMPLE = 1 << 8,    /* it can judge the probe's first reply, whatever became of its dependency */
	IMPLIED = 1 << 9,       /* every reply to any case decides it, too: of a slow server no other is asked for */
	OR_SLOW_END = 1 << 10,  /* or a one-shot server that, as the probe has seen, takes too long to end */
	OR_MISSTATED = 1 << 11, /* or one that was stated to be concurrent, and is not */
	/* what it tells of, and what it does */
	TELLS_HARM = 1 << 12,   /* whether clients at the same time harm each other */
	SENDS_MUCH = 1 << 13,   /* large texts, or any bytes: a server that died was probably killed by it */
	ONLY_LOOKS = 1 << 14,   /* a server that passed it is as good as one just started */
	SEEN_STOPPED = 1 << 15, /* decided by what is seen wherever a server of ours has stopped */
	SEEN_TALKING = 1 << 16  /* decided by what is seen of one that has held conversations */
};

/* When a case runs: in this order. */
enum stage {
	FIRST, /* one by one, before all others: what the others depend on */
	ASIDE, /* side by side with others, as many as the server serves at a time */
	QUIET, /* one by one, and nobody else says anything meanwhile */
	ALONE, /* one by one: many clients, or much data */
	RUDE,  /* one by one, each followed by a plain conversation: these may kill a server */
	LIFE   /* starts and stops the server */
};

struct turn;

struct case_row {
	const char *id; /* also that of its requirement */
	unsigned needs;
	int n_clients; /* that it has open at a time */
	enum stage stage;
	const char *depends; /* the id of an earlier case, or NULL */
	void (*run)(struct turn *t);
};

const struct requirement *requirement_of(const char *id); /* NULL: there is none */
extern const struct requirement requirements[];
extern const size_t n_requirements;
extern const struct case_row cases[];
extern const size_t n_cases;

struct client_style;
struct elder;
struct met;

/* A server that was told to stop, and did. */
struct stop_seen {
	int status;    /* of waitpid(2) */
	bool listens;  /* somebody still listens on its endpoint, */
	int n_left;    /* so many of its processes still run, */
	bool has_path; /* and its UNIX path is still there: a second later */
};

/*
 * What one case has seen for others, too. An iterative server serves nobody else while a case waits in a conversation:
 * there one conversation is held for several cases. One row of conversations shows all that a server leaves behind, and
 * one stop all that there is to see of a stop.
 */
struct seen {
	bool rested; /* a conversation rested for almost 2 s, nothing came meanwhile, and it went on */
	char before[TS_STAMP_MAX], after[TS_STAMP_MAX]; /* its time texts */
	bool second;         /* the places of a second, and its edge, were asked for in one */
	bool stuck, held_up; /* a client did not read, and was served after that; and another had to wait for it */
	int n_conversations; /* between the next two; 0: none yet */
	struct launch_census before_them, after_them;
	bool broken; /* the next two are known: before conversations that the client reset, and after them */
	struct launch_census before_broken, after_broken;
	bool stopped; /* by SIGTERM, after a conversation: */
	struct stop_seen stop;
	int64_t slept_ns;       /* for stream.rests-long; 0: nobody has */
	int64_t each_ns;        /* a plain conversation takes, of many in a row; 0: not known */
	bool stays_with_client; /* SIGTERM does not stop it while a client is there */
};

/* The server, or with --client the client, under test. */
struct subject {
	struct ts_endpoint endpoint;
	char uri[TS_ENDPOINT_TEXT_MAX];
	const struct options *options;
	struct dialect dialect;
	struct launch *launch;       /* NULL without --exec */
	struct client_style *client; /* a client is judged; else NULL */
	uint64_t seed;
	bool few;            /* so few cases are selected that the probe is kept short */
	bool needs_capacity; /* a selected case needs to know how many clients are served at a time */
	int64_t probed_ns;   /* monotonic: when the probe ended */
	int64_t hurry_ns;  /* monotonic: from here on a leisurely server's cases have a part of their time; 0: never */
	int64_t enough_ns; /* monotonic: from here on no new case is run; 0: there is no such moment */
	bool ends_with_next;         /* ends a conversation when the next client comes: nobody has to wait for it */
	bool each_ends_late;         /* each conversation costs its late end, for nobody else is served until then */
	_Atomic int64_t bytes_per_s; /* of a long message: 0 until it is measured */
	_Atomic size_t bytes_timed;  /* how long that was, about */
	_Atomic size_t whole_bytes, chunk_bytes; /* as of the dialect, which gets them at the end */
	_Atomic int n_judged;                    /* replies that the law was held to, and that were right */
	_Atomic int n_paths;                     /* that were bound for its datagram clients */
	_Atomic int n_served; /* clients that it has answered since it was started, or since the probe began */
	struct peer *shared;  /* conversation of turn_ask that goes on from turn to turn: see turn_release; or NULL */
	struct elder *_Atomic elder, *_Atomic sleeper; /* conversations that grow old (elder.h), or NULL */
	struct met *met;                               /* what the probe met (met.h), or NULL */
	_Atomic bool gone;                             /* refuses to be connected to: written by any turn */
	struct seen seen;                              /* used by one thread: where cases run one by one */
	bool alone;               /* clients at the same time disturb each other: from here on one at a time */
	_Atomic bool holds_rests; /* it keeps the rest of longer messages until more comes, and that was said */
	_Atomic bool loses;    /* datagrams: not every one is answered, and that was said: no turn waits long for one */
	_Atomic bool slow_end; /* does not end conversations: no turn waits for it twice */
};

enum status { PASS, FAIL, WARN, SKIP, ERROR, N_STATUS };
const char *status_name(enum status status);

/* Why a turn went wrong. */
enum blame {
	NOBODY,
	BYTES,    /* the server sent something wrong, or ended at the wrong time: no load of the machine excuses it */
	SILENCE,  /* a deadline passed: worth a second look */
	GONE,     /* the server refuses to be connected to */
	OURSELVES /* this machine failed, not the server */
};

/* In which way, as far as one case is about it (root.h). */
enum sort {
	ANY,
	NO_STAMP,
	OTHER_TIME,
	OTHER_SEPARATOR,
	WRONG_TIME,
	OTHER_ZONE, /* right in another zone than that of the replies before */
	UNASKED,    /* everything is answered, the client has not ended, and more comes */
	AFTER_END,  /* everything is answered, the client has ended, and more comes */
	EARLY_END,  /* the server ends a conversation that its client has not */
	IDLE_END,   /* the same, while that rests */
	OWED_END,   /* the client has ended, and the server ends with replies owed */
	NO_ANSWER,
	PARTLY,       /* a message's reply begins, and its rest does not come, or only when more is sent */
	LOST,         /* a datagram has no reply */
	PASSED_OVER,  /* a message on a stream has no reply, and the one after it has */
	CUT,          /* the data in a reply end too early */
	LINE_SPLIT,   /* one line is answered as if it were some */
	LINES_JOINED, /* the other way round */
	TWICE,        /* a datagram's reply once more */
	REPEATED,     /* a reply on a stream comes once more, at once */
	ALL_SO_FAR,   /* what a client has sent before comes back with its next message, too */
	LEFTOVER,     /* all of the data came back, and then bytes that are no stamp */
	OF_ANOTHER,   /* data that another client has sent */
	OTHER_SOURCE, /* a reply from another address than the one asked */
	ENDED,        /* started by us, it has ended by itself */
	KEPT_WAITING  /* what was waited for did not come: seen twice at the first look, or for so long that there is no
	                 second */
};

#define TURN_PEERS 220

struct peer;

struct turn {
	struct subject *subject;
	const struct case_row *row;
	int64_t begin_ns; /* monotonic */
	double patience;  /* deadlines are multiplied by it: 1, and more at the second look */
	enum blame blame;
	enum sort sort;    /* of what went wrong */
	bool warned;       /* the case passes, with a warning: its message */
	bool skipped;      /* it could not be tried: its message */
	bool of_probe;     /* what it says was seen by the probe: that one's trace is shown */
	bool unclean;      /* a conversation ended in RST after all that was owed */
	char message[600]; /* what went wrong, or what there is to report */
	size_t end_at;     /* of sort ENDED: where in the message it says how the server ended */
	char expected[300], actual[300];
	struct trace trace;
	struct ts_random *random;       /* of this turn */
	struct peer *peers[TURN_PEERS]; /* that are open; closed politely when the turn is over */
	int n_peers;
	struct peer *talk;   /* of turn_ask */
	struct dgram *dgram; /* of turn_ask */
	char last[192];      /* the first bytes of the reply of a conversation of turn_ask that is over */
	size_t n_last;
	unsigned n_stamps;  /* of the latest reply to turn_ask on a stream; 0: not to be told */
	int n_clients_made; /* their numbers in the trace */
};

/* Note what went wrong, unless something was noted before. Returns false, for `return turn_fail(...)`. */
bool turn_fail(struct turn *t, enum blame blame, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Has a server that we have started ended by itself? Then nothing comes any more: that is noted. */
bool turn_sees_end(struct turn *t, enum blame blame);

/* What was expected, and what there was instead: stands beside the next note, if nothing went wrong before. */
void turn_contrast(struct turn *t, const char *expected, const char *actual);

/* Put words before those that say what went wrong: when it did. At most 299 bytes. */
void turn_precede(struct turn *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What went wrong is judged elsewhere, or is nothing: it is as if it had not. */
void turn_forgive(struct turn *t);

/* Note what a passed case has to report. */
void turn_report(struct turn *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Note why it could not be tried here: unless something else goes wrong, it is skipped. */
void turn_skip(struct turn *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Note why a case that passes warns. */
void turn_warn(struct turn *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How long a client waits for what is owed, in ns: scaled with the server's own round trip. */
int64_t turn_wait_ns(const struct turn *t);

/*
 * Ask once, in whatever way the server converses: on a lasting stream the same conversation goes on, a one-shot server
 * gets a new one each time, a datagram server one datagram. The reply is judged by the law. `bytes` is the message
 * without the ending that a line server needs; ends inside it are left out there. False: something went wrong.
 */
bool turn_ask(struct turn *t, const void *bytes, size_t n);

/* The same for a text, and for n meaningless small letters. */
bool turn_ask_text(struct turn *t, const char *text);
bool turn_ask_letters(struct turn *t, size_t n);

/*
 * In which way is the time of the first stamp of this reply, which came now, wrong? A sentence, or "". `sent_ns` as for
 * the law; last_ns: the time of the reply before it in its conversation, or INT64_MIN.
 */
void turn_wrong_time(const struct turn *t, const char *reply, size_t n, int64_t sent_ns, int64_t last_ns, char *text,
                     size_t size);

/* The conversation of turn_ask is over: end it politely; the next ask opens another. */
bool turn_ask_end(struct turn *t);

/* No vowels, and none of c, d, l, q, r, s, x and y: by chance "bye", "ls" or "cd" would come, and some servers obey. */
#define TURN_LETTERS "bfghjkmnptvwz"

/* n meaningless small letters, from the turn's random numbers; `out` gets no terminator. */
void turn_letters(struct turn *t, char *out, size_t n);

/* As a message of the server's framing: line ends left out and one added, for a line server. `out`
 * holds n + 2 bytes. */
size_t turn_frame(const struct turn *t, const void *bytes, size_t n, char *out);

/* Both: n letters as a message. `out` holds n + 2 bytes. */
size_t turn_framed_letters(struct turn *t, size_t n, char *out);

/*
 * n bytes of which a few tell which they are, so that a lost piece shows at once; `at` bytes of them went before. For a
 * line server every FILLER_LINEth of the n ends a line.
 */
#define FILLER_LINE 100
void turn_filler(const struct turn *t, char *out, size_t n, size_t at);

/* For loops: the i-th of `wanted` rounds is due. Slow servers get fewer, at least `least`: no new
 * one after budget_ns. */
bool turn_goes_on(const struct turn *t, int i, int wanted, int least, int64_t budget_ns);

/* Is the server so slow that every round trip is worth saving? */
bool turn_slow(const struct turn *t);

/* Is it so that a wait holds up all other cases, and is worth sharing? (struct seen) */
bool turn_shares_waits(const struct turn *t);

/* dialect_is_leisurely */
bool turn_leisurely(const struct turn *t);

/* And does it serve so few at a time that each message has to tell something of its own? */
bool turn_sparing(const struct turn *t);

/* Is a message a line of a stream? */
bool turn_takes_lines(const struct turn *t);

/* How many of these bytes this server returns in budget_ns, as far as is known. */
size_t turn_bytes(const struct turn *t, size_t wanted, int64_t budget_ns);

/*
 * Does it return so few bytes a second, as far as is known, that what the buffers between the two hold would take it
 * more than half a minute? Nobody fills them then: that is reported.
 */
bool turn_crawls(struct turn *t);

/* How many bytes a client sends that does not read, to find out who is stuck then: whole lines of turn_filler. */
size_t turn_bytes_unread(const struct turn *t);

/* Pass some time. */
void turn_pause(int64_t ns);

/* How long one may have to wait for a processor on this machine now: 0 where one is free. */
int64_t turn_busy_ns(void);

/* The first stamp of the latest reply of turn_ask: its text and what it says. False when there is none. */
bool turn_last_stamp(const struct turn *t, struct ts_stamp *stamp, char *text, size_t size);

/* One plain conversation with clients of its own, in the same turn: does the server still serve? */
bool turn_plain(struct turn *t);

/* A conversation that goes on from turn to turn is ended, before a client of another kind connects. */
void turn_share_end(struct turn *t);

/* Close the turn's clients, politely. */
void turn_leave(struct turn *t);

/* Let go of everything the turn still holds. */
void turn_release(struct turn *t);

#endif
