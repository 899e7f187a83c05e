#include "modes.h"
#include "ts_endpoint.h"
#include "ts_json.h"
#include "ts_stdout.h"
#include <stdio.h>
#include <string.h>

#define ALL (1 << TS_TCP | 1 << TS_UDP | 1 << TS_UNIX | 1 << TS_UNIXGRAM)

/* A mode that cannot be built has no function to point to. */
#define RUN_1(function)           mode_##function
#define RUN_0(function)           NULL
#define RUN_(function, available) RUN_##available(function)
#define RUN(function, available)  RUN_(function, available)

/* NOLINTBEGIN(bugprone-macro-parentheses): each is one initialiser */
static const struct mode modes[] = {
#define MODE(function, name_, summary_, transports_, concurrent_, multiplexes_, workers_, available_)                  \
	{.name = name_,                                                                                                \
	 .summary = summary_,                                                                                          \
	 .run = RUN(function, available_),                                                                             \
	 .transports = transports_,                                                                                    \
	 .concurrent = concurrent_,                                                                                    \
	 .multiplexes = multiplexes_,                                                                                  \
	 .available = available_,                                                                                      \
	 .workers = workers_},
#include "modes.def"
#undef MODE
};
/* NOLINTEND(bugprone-macro-parentheses) */

size_t modes_count(void)
{
	return sizeof modes / sizeof modes[0];
}

const struct mode *modes_at(size_t i)
{
	return &modes[i];
}

int modes_print(void)
{
	for (size_t i = 0; i < modes_count(); i++)
		printf("%-12s %s%s\n", modes[i].name, modes[i].summary, modes[i].available ? "" : " (not available)");
	return ts_stdout_flush();
}

static void add_transports(cJSON *list, unsigned transports)
{
	for (int t = 0; t < TS_TRANSPORT_N; t++)
		if (transports & 1u << t)
			ts_json_add_text(list, NULL, ts_transport_name((enum ts_transport)t));
}

cJSON *modes_json(void)
{
	cJSON *root = cJSON_CreateObject(), *list;

	ts_json_add_text(root, "schema", "tsbench.modes/1");
	list = ts_json_add_array(root, "modes");
	for (size_t i = 0; i < modes_count(); i++) {
		cJSON *row = ts_json_add_object(list, NULL);

		ts_json_add_text(row, "name", modes[i].name);
		ts_json_add_text(row, "summary", modes[i].summary);
		add_transports(ts_json_add_array(row, "transports"), modes[i].transports);
		ts_json_add_bool(row, "concurrent", modes[i].concurrent);
		ts_json_add_bool(row, "multiplexes", modes[i].multiplexes);
		ts_json_add_bool(row, "available", modes[i].available);
	}
	return root;
}
