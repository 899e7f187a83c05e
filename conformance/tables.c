/* The tables of requirements and cases, out of their rows. */
#include "cases.h"
#include "client.h"
#include <string.h>

const struct requirement requirements[] = {
#define REQUIREMENT(id, level, transports, anchor, sentence) {id, level, transports, anchor, sentence},
#include "requirements.def"
#undef REQUIREMENT
};
const size_t n_requirements = sizeof(requirements) / sizeof(requirements[0]);

const struct case_row cases[] = {
#define CASE(id, needs, n_clients, stage, depends, function) {id, needs, n_clients, stage, depends, function},
#include "cases.def"
#undef CASE
};
const size_t n_cases = sizeof(cases) / sizeof(cases[0]);

const struct requirement *requirement_of(const char *id)
{
	for (size_t i = 0; i < n_requirements; i++)
		if (strcmp(requirements[i].id, id) == 0)
			return &requirements[i];
	for (size_t i = 0; i < n_client_cases; i++)
		if (strcmp(client_requirements[i].id, id) == 0)
			return &client_requirements[i];
	return NULL;
}

const char *level_name(enum level level)
{
	static const char *const names[] = {[MUST] = "MUST", [SHOULD] = "SHOULD", [MAY] = "MAY"};

	return names[level];
}

const char *status_name(enum status status)
{
	static const char *const names[] = {
	        [PASS] = "pass", [FAIL] = "fail", [WARN] = "warn", [SKIP] = "skip", [ERROR] = "error"};

	return names[status];
}
