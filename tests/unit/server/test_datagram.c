/*
 * Datagrams and their guard: who is answered, with which bytes, and how often.
 */
#include "datagram.h"
#include "ts_clock.h"
#include "unit.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static struct sockaddr_in ipv4(const char *host, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, host, &a.sin_addr);
	return a;
}

static enum datagram_fate judge(struct guard *g, const void *source, socklen_t n, int64_t now_ns)
{
	char data[] = "abc";
	struct datagram d = {.data = data, .n = 3, .source = source, .source_len = n};
	struct iovec reply[2];
	enum datagram_fate fate = datagram_take(&d, g, "[t]", 3, now_ns, reply);

	if (fate == DATAGRAM_ANSWER) {
		assert_memory_equal(reply[0].iov_base, "[t]", reply[0].iov_len);
		assert_ptr_equal(reply[1].iov_base, data);
		assert_int_equal(reply[1].iov_len, 3);
	}
	return fate;
}

static void test_ports(void **state)
{
	static const uint16_t refused[] = {0, 7, 9, 13, 17, 19, 37, 21567, 40000};
	static const uint16_t answered[] = {1, 8, 20, 53, 21566, 40001, 65535};
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 0, 1), 0);
	guard_add_port(&g, 21567);
	guard_add_port(&g, 40000);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct sockaddr_in a = ipv4("10.1.2.3", refused[i]);
		struct sockaddr_in6 b = {.sin6_family = AF_INET6, .sin6_port = htons(refused[i])};

		assert_int_equal(judge(&g, &a, sizeof a, 0), DATAGRAM_GUARDED);
		assert_int_equal(judge(&g, &b, sizeof b, 0), DATAGRAM_GUARDED);
	}
	for (size_t i = 0; i < sizeof answered / sizeof answered[0]; i++) {
		struct sockaddr_in a = ipv4("10.1.2.3", answered[i]);

		assert_int_equal(judge(&g, &a, sizeof a, 0), DATAGRAM_ANSWER);
	}
	guard_release(&g);
}

static void test_as_many_ports_as_there_are(void **state)
{
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 0, 1), 0);
	for (uint16_t port = 20000; port < 21000; port++) {
		struct sockaddr_in a = ipv4("10.1.2.3", port);

		assert_int_equal(judge(&g, &a, sizeof a, 0), DATAGRAM_ANSWER);
		guard_add_port(&g, port);
		assert_int_equal(judge(&g, &a, sizeof a, 0), DATAGRAM_GUARDED);
	}
	guard_release(&g);
}

static void test_unix_senders(void **state)
{
	struct sockaddr_un named = {.sun_family = AF_UNIX, .sun_path = "/tmp/x"};
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 0, 1), 0);
	assert_int_equal(judge(&g, &named, sizeof named, 0), DATAGRAM_ANSWER);
	assert_int_equal(judge(&g, &named, 0, 0), DATAGRAM_NO_SOURCE);
	assert_int_equal(judge(&g, &named, sizeof(sa_family_t), 0), DATAGRAM_NO_SOURCE);
	guard_release(&g);
}

static void test_unanswered(void **state)
{
	struct sockaddr_in a = ipv4("10.1.2.3", 1000);
	struct datagram d = {.source = (const struct sockaddr *)&a, .source_len = sizeof a};
	struct iovec reply[2];
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 0, 1), 0);
	assert_int_equal(datagram_take(&d, &g, "[t]", 3, 0, reply), DATAGRAM_EMPTY);
	d.n = 5;
	d.truncated = true;
	assert_int_equal(datagram_take(&d, &g, "[t]", 3, 0, reply), DATAGRAM_TRUNCATED);
	guard_release(&g);
}

static enum datagram_fate judge_stamps(const char *stamp, int n, const char *data, const void *source,
                                       socklen_t n_source)
{
	struct datagram d = {.source = source, .source_len = n_source};
	char text[4000];
	struct iovec reply[2];
	enum datagram_fate fate;
	struct guard g;

	for (int i = 0; i < n; i++)
		d.n += (size_t)snprintf(text + d.n, sizeof(text) - d.n, "%s", stamp);
	d.n += (size_t)snprintf(text + d.n, sizeof(text) - d.n, "%s", data);
	d.data = malloc(d.n); /* so that a sanitizer sees a byte beyond */
	memcpy(d.data, text, d.n);
	assert_int_equal(guard_init(&g, 0, 1), 0);
	fate = datagram_take(&d, &g, "[t]", 3, 0, reply);
	guard_release(&g);
	free(d.data);
	return fate;
}

/* Fault caught: two servers, started by one datagram with a forged source, went on until it was 64 KiB long. */
static void test_replies_to_replies(void **state)
{
	static const char *const stamps[] = {"[Sun Nov 22 10:30:00 2026]", "[Sun Nov 22 10:30:00 2026] ",
	                                     "[1795343400] - ", "[2026-11-22T10:30:00.123456Z]\t",
	                                     "[10:30:00][Sun Nov  2 10:30:00 2026] "};
	struct sockaddr_un named = {.sun_family = AF_UNIX, .sun_path = "/tmp/x"};
	struct sockaddr_in a = ipv4("10.1.2.3", 1000);

	(void)state;
	for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
		int n = DATAGRAM_STAMPS_MAX / (i == 4 ? 2 : 1);

		assert_int_equal(judge_stamps(stamps[i], n, "data", &a, sizeof a), DATAGRAM_ANSWER);
		assert_int_equal(judge_stamps(stamps[i], n + 1, "data", &a, sizeof a), DATAGRAM_ECHO);
		assert_int_equal(judge_stamps(stamps[i], n + 1, "", &a, sizeof a), DATAGRAM_ECHO);
		assert_int_equal(judge_stamps(stamps[i], n + 1, "data", &named, sizeof named), DATAGRAM_ANSWER);
	}
	assert_int_equal(judge_stamps("[", 100, "1", &a, sizeof a), DATAGRAM_ANSWER);
	assert_int_equal(judge_stamps("[]", 100, "1", &a, sizeof a), DATAGRAM_ANSWER);
	assert_int_equal(judge_stamps("[brackets]", 100, "1", &a, sizeof a), DATAGRAM_ANSWER);
	assert_int_equal(judge_stamps("[1] is a list of a good many more words, [2] ", 50, "x", &a, sizeof a),
	                 DATAGRAM_ANSWER);
	assert_int_equal(judge_stamps("[1", 100, "", &a, sizeof a), DATAGRAM_ANSWER);
}

/* 20 a second: 20 at once, then one each 50 ms; another address has its own account, another port has not. */
static void test_rate(void **state)
{
	struct sockaddr_in a = ipv4("10.1.2.3", 1000), same = ipv4("10.1.2.3", 2000), other = ipv4("10.1.2.4", 1000);
	int64_t now = 1000 * TS_S;
	int n = 0;
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 20, 12345), 0);
	while (judge(&g, &a, sizeof a, now) == DATAGRAM_ANSWER)
		n++;
	assert_int_equal(n, 20);
	assert_int_equal(judge(&g, &same, sizeof same, now), DATAGRAM_RATE);
	assert_int_equal(judge(&g, &other, sizeof other, now), DATAGRAM_ANSWER);
	assert_int_equal(judge(&g, &a, sizeof a, now + 49 * TS_MS), DATAGRAM_RATE);
	assert_int_equal(judge(&g, &a, sizeof a, now + 50 * TS_MS), DATAGRAM_ANSWER);
	assert_int_equal(judge(&g, &a, sizeof a, now + 50 * TS_MS), DATAGRAM_RATE);
	for (n = 0; judge(&g, &a, sizeof a, now + 100 * TS_S) == DATAGRAM_ANSWER;)
		n++;
	assert_int_equal(n, 20); /* a long silence earns no more than one burst */
	guard_release(&g);
}

/* To a socket on [::], callers by IPv4 come as ::ffff:a.b.c.d. */
static void test_rate_of_mapped_addresses(void **state)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(1000)}, other = a;
	struct sockaddr_in plain = ipv4("10.1.2.3", 1000);
	struct guard g;

	(void)state;
	inet_pton(AF_INET6, "::ffff:10.1.2.3", &a.sin6_addr);
	inet_pton(AF_INET6, "::ffff:10.1.2.4", &other.sin6_addr);
	assert_int_equal(guard_init(&g, 20, 12345), 0);
	while (judge(&g, &a, sizeof a, TS_S) == DATAGRAM_ANSWER)
		;
	assert_int_equal(judge(&g, &plain, sizeof plain, TS_S), DATAGRAM_RATE);
	assert_int_equal(judge(&g, &other, sizeof other, TS_S), DATAGRAM_ANSWER);
	guard_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ports),
	                                   cmocka_unit_test(test_as_many_ports_as_there_are),
	                                   cmocka_unit_test(test_unix_senders),
	                                   cmocka_unit_test(test_unanswered),
	                                   cmocka_unit_test(test_replies_to_replies),
	                                   cmocka_unit_test(test_rate),
	                                   cmocka_unit_test(test_rate_of_mapped_addresses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
