/* The rows hold together: every case decides one requirement, every requirement has its case and its section. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "suite.h"
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int row_of(const char *id)
{
	for (size_t i = 0; i < n_cases; i++)
		if (strcmp(cases[i].id, id) == 0)
			return (int)i;
	return -1;
}

static void every_case_has_a_requirement(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_cases; i++) {
		if (!requirement_of(cases[i].id))
			fail_msg("the case %s decides no requirement", cases[i].id);
		assert_int_equal(row_of(cases[i].id), i);
		assert_true(cases[i].n_clients >= 1);
		assert_int_equal((cases[i].stage == LIFE) && !(cases[i].needs & NEEDS_EXEC), 0);
	}
}

static void every_requirement_has_a_case(void **state)
{
	(void)state;
	assert_true(n_requirements >= 75);
	for (size_t i = 0; i < n_requirements; i++) {
		if (row_of(requirements[i].id) < 0)
			fail_msg("no case decides the requirement %s", requirements[i].id);
		assert_ptr_equal(requirement_of(requirements[i].id), &requirements[i]);
		assert_true(requirements[i].transports & ON_ALL);
	}
}

/* A case that depends on a later one would never see that it failed. */
static void dependencies_come_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_cases; i++) {
		if (!cases[i].depends)
			continue;
		int before = row_of(cases[i].depends);
		assert_true(before >= 0);
		if (before >= (int)i || cases[before].stage > cases[i].stage)
			fail_msg("%s depends on %s, which runs later", cases[i].id, cases[i].depends);
	}
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = f ? calloc(1, 1 << 18) : NULL;

	if (f && text && fread(text, 1, (1 << 18) - 1, f) == 0)
		text[0] = '\0';
	if (f)
		fclose(f);
	return text;
}

static void every_anchor_is_in_the_protocol(void **state)
{
	char *page = read_file("docs/protocol.md"), anchor[64];

	(void)state;
	assert_non_null(page);
	for (size_t i = 0; i < n_requirements; i++) {
		snprintf(anchor, sizeof(anchor), "<a id=\"%s\"></a>", requirements[i].anchor);
		if (!strstr(page, anchor))
			fail_msg("%s cites docs/protocol.md#%s, which is not there", requirements[i].id,
			         requirements[i].anchor);
	}
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_case_has_a_requirement),
	        cmocka_unit_test(every_requirement_has_a_case),
	        cmocka_unit_test(dependencies_come_before),
	        cmocka_unit_test(every_anchor_is_in_the_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
