/*
 * Per-request figures: what is divided and what it is divided by are of the same span and count the same things.
 */
#include "figures.h"
#include "unit.h"
#include <math.h>
#include <stdio.h>

/* Of 1,000 requests 100 were the warm-up's; each receive of the server brought 4. */
#define SERVER                                                                                                         \
	"{\"messages_count\": 250, \"datagrams_count\": 0, \"received_bytes\": 64000, \"cpu_user_s\": 0.003, "         \
	"\"cpu_system_s\": 0.007, \"system_calls\": {\"recv\": 250, \"send\": 250}, "                                  \
	"\"switches_voluntary_count\": 300, \"switches_involuntary_count\": 200}"
#define LOAD(n_processes, n_idle, more) LOAD_OF(n_processes, n_idle, "0.09", more)
#define LOAD_OF(n_processes, n_idle, cpu, more)                                                                        \
	"{\"plan\": {\"connections\": 8, \"idle\": " #n_idle                                                           \
	"}, \"requests\": {\"sent\": 900, \"sent_bytes\": 57600, "                                                     \
	"\"completed\": 900}, \"server\": {\"processes_count\": " #n_processes ", \"cpu_user_s\": " cpu                \
	", \"cpu_system_s\": " cpu "}" more "}"
#define LOAD_UNSURE(unsure, plan, cpu)                                                                                 \
	"{\"plan\": {\"connections\": 8" plan "}, \"requests\": {\"sent\": 900, \"sent_bytes\": 57600, "               \
	"\"completed\": 900}, \"server\": {\"processes_count\": 9, \"cpu_user_s\": " cpu ", \"cpu_system_s\": " cpu    \
	", \"cpu_unsure_s\": " unsure "}}"
#define LASTING  ""
#define SESSIONS ", \"session\": 10"
#define IDLE     ", \"idle\": 1000"

static double read_figure(enum figure figure, const char *load_text, const char *server_text)
{
	double figures[FIGURE_N];
	cJSON *load = cJSON_Parse(load_text), *server = server_text ? cJSON_Parse(server_text) : NULL;

	assert_non_null(load);
	figures_read(figures, load, server);
	cJSON_Delete(load);
	cJSON_Delete(server);
	return figures[figure];
}

#define assert_close(a, b) assert_true(fabs((a) / (b)-1) < 1e-9)

static void test_one_process_by_samples(void **state)
{
	(void)state;
	assert_close(read_figure(FIGURE_CPU, LOAD(1, 0, ""), SERVER), 200);
}

/* Children that live on are sampled to nanoseconds, however light the load is. */
static void test_several_processes_by_samples(void **state)
{
	(void)state;
	assert_close(read_figure(FIGURE_CPU, LOAD_UNSURE("0", LASTING, "0.09"), SERVER), 200);
	assert_close(read_figure(FIGURE_CPU, LOAD_UNSURE("0", SESSIONS, "0.0045"), SERVER), 10);
	assert_close(read_figure(FIGURE_CPU, LOAD_UNSURE("0", IDLE, "0.09"), SERVER), 200);
	assert_close(read_figure(FIGURE_CPU, LOAD_UNSURE("0", LASTING, "0.09"), NULL), 200);
}

/* Of those that came and went with the clients, ticks tell little: it is the server's own account, from where it was
 * ready. */
static void test_children_of_sessions_by_the_servers_account(void **state)
{
	(void)state;
	assert_close(read_figure(FIGURE_CPU, LOAD_UNSURE("0.02", SESSIONS, "0.0045"), SERVER), 10);
	assert_close(read_figure(FIGURE_CPU, LOAD_UNSURE("0.02", SESSIONS, "0.9"), SERVER), 10);
	assert_close(read_figure(FIGURE_CPU, LOAD_UNSURE("0.02", SESSIONS, "0.9"),
	                         "{\"messages_count\": 1000, \"received_bytes\": 64000, \"cpu_user_s\": 0.003, "
	                         "\"cpu_system_s\": 0.007, \"cpu_until_ready_s\": 0.002}"),
	             8);
	assert_close(read_figure(FIGURE_CPU, LOAD(9, 0, ""), SERVER), 10); /* a file that does not say how sure it is */
}

/* Catches: chance that is shown as a figure; an account that holds what the opening and the end of lasting connections
 * cost. */
static void test_ticks_alone_are_no_figure(void **state)
{
	(void)state;
	assert_true(isnan(read_figure(FIGURE_CPU, LOAD_UNSURE("0.02", SESSIONS, "0.09"), NULL)));
	assert_true(isnan(read_figure(FIGURE_CPU, LOAD_UNSURE("0.02", LASTING, "0.09"), SERVER)));
	assert_true(isnan(read_figure(FIGURE_CPU, LOAD_UNSURE("0.02", IDLE, "0.09"), SERVER)));
	assert_true(isnan(read_figure(FIGURE_CPU, LOAD(9, 0, ""), NULL)));
	assert_close(read_figure(FIGURE_CPU, LOAD_UNSURE("0.02", LASTING, "0.9"), NULL), 2000);
	assert_close(read_figure(FIGURE_CPU, LOAD_UNSURE("0.02", IDLE, "0.9"), SERVER), 2000);
}

/* Catches: requests that were answered for nothing, because a busy machine took both samples at one moment. */
static void test_samples_that_missed_the_load(void **state)
{
	(void)state;
	assert_true(isnan(read_figure(FIGURE_CPU, LOAD_OF(1, 0, "0", ""), SERVER)));
}

static void test_foreign_servers_by_samples(void **state)
{
	(void)state;
	assert_close(read_figure(FIGURE_CPU, LOAD(1, 0, ""), NULL), 200);
	assert_true(isnan(read_figure(FIGURE_CALLS, LOAD(1, 0, ""), NULL)));
}

/* The server worked for them, too. */
static void test_slow_readers_requests_count(void **state)
{
	(void)state;
	assert_close(
	        read_figure(FIGURE_CPU, LOAD(1, 0, ", \"slow_readers\": {\"requests\": {\"completed\": 300}}"), SERVER),
	        150);
}

/* What one receive brings may be a part of a request, or several: only bytes tell how many requests there were. */
static void test_receives_are_no_requests(void **state)
{
	(void)state;
	assert_close(read_figure(FIGURE_CALLS, LOAD(1, 0, ""), SERVER), 0.5);
	assert_close(read_figure(FIGURE_SWITCHES, LOAD(1, 0, ""), SERVER), 0.5);
}

static void test_without_bytes_the_servers_messages(void **state)
{
	(void)state;
	assert_close(read_figure(FIGURE_CALLS, "{\"requests\": {\"completed\": 900}}", SERVER), 2);
	assert_close(
	        read_figure(FIGURE_CALLS, "{\"requests\": {\"completed\": 0, \"sent\": 0, \"sent_bytes\": 0}}", SERVER),
	        2);
}

/* Catches: clients that are counted again each time they come back, as those whom select has no room for do. */
static void test_lasting_clients_count_once(void **state)
{
	static const char lasting[] =
	        "{\"plan\": {\"connections\": 1024, \"session\": null}, \"connections\": {\"opened\": "
	        "1080, \"served\": 1016}}",
	                  reset[] =
	                          "{\"plan\": {\"connections\": 64, \"session\": null}, \"connections\": {\"opened\": "
	                          "900, \"served\": 880}}",
	                  sessions[] =
	                          "{\"plan\": {\"connections\": 64, \"session\": 10}, \"connections\": {\"opened\": "
	                          "900, \"served\": 880}}";

	(void)state;
	assert_true(read_figure(FIGURE_OPENED, lasting, NULL) == 1024);
	assert_true(read_figure(FIGURE_SERVED, lasting, NULL) == 1016);
	assert_true(read_figure(FIGURE_OPENED, reset, NULL) == 64);
	assert_true(read_figure(FIGURE_SERVED, reset, NULL) == 64);
	assert_true(read_figure(FIGURE_OPENED, sessions, NULL) == 900);
	assert_true(read_figure(FIGURE_SERVED, sessions, NULL) == 880);
}

static void test_nothing_answered_is_unknown(void **state)
{
	(void)state;
	assert_true(isnan(read_figure(
	        FIGURE_CPU, "{\"requests\": {\"completed\": 0}, \"server\": {\"cpu_user_s\": 1, \"cpu_system_s\": 1}}",
	        NULL)));
	assert_true(isnan(read_figure(FIGURE_CALLS, LOAD(1, 0, ""), "{\"messages_count\": 0, \"received_bytes\": 0}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_one_process_by_samples),
	        cmocka_unit_test(test_several_processes_by_samples),
	        cmocka_unit_test(test_children_of_sessions_by_the_servers_account),
	        cmocka_unit_test(test_ticks_alone_are_no_figure),
	        cmocka_unit_test(test_samples_that_missed_the_load),
	        cmocka_unit_test(test_foreign_servers_by_samples),
	        cmocka_unit_test(test_slow_readers_requests_count),
	        cmocka_unit_test(test_receives_are_no_requests),
	        cmocka_unit_test(test_without_bytes_the_servers_messages),
	        cmocka_unit_test(test_lasting_clients_count_once),
	        cmocka_unit_test(test_nothing_answered_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
