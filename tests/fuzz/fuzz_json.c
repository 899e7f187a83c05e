/*
 * Any bytes as a JSON document: no crash; what the check lets pass, cJSON parses; what is printed, reads back the same.
 */
#include "ts_json.h"
#include "ts_json_check.h"
#include "ts_json_print.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of just this length: one byte read beyond it is an error that the sanitizer sees */
	char *text = malloc(size ? size : 1), *printed, *again, *printable;
	size_t at, n, n_again;

	memcpy(text, data, size);
	printable = ts_json_printable(text, size);
	for (size_t i = 0; printable[i];) {
		size_t length = ts_json_utf8(printable + i, strlen(printable + i));
		if (length == 0)
			abort();
		i += length;
	}
	free(printable);

	bool right = ts_json_check(text, size, &at) == NULL;
	cJSON *root = ts_json_parse(text, size, "fuzz", NULL), *back;
	if (right != (root != NULL) || at > size)
		abort();
	free(text);
	if (!root)
		return 0;
	printed = ts_json_print(root, &n);
	back = ts_json_parse(printed, n, "printed", NULL);
	if (!back)
		abort();
	again = ts_json_print(back, &n_again);
	if (n != n_again || memcmp(printed, again, n) != 0)
		abort();
	ts_json_at(root, "a[0].b.\"c.d\"");
	free(printed);
	free(again);
	cJSON_Delete(root);
	cJSON_Delete(back);
	return 0;
}
