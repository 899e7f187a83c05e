/*
 * Does a document have the shape that its schema asks for? Pure.
 *
 * Knows the part of JSON Schema that results/schema uses: type (one or several), const, enum, required, properties,
 * additionalProperties (true, false or a schema), propertyNames, items, minItems, minLength, minimum, maximum, pattern
 * (POSIX extended), $ref to a place in the same schema, such as "#/$defs/NAME" (beside other keywords, too). Title,
 * description, $schema, $id, $defs say nothing about the document. Any other keyword is a mistake in the schema and is
 * reported as such: a rule that nobody checks is worse than none. Source:
 * https://json-schema.org/draft/2020-12/json-schema-validation
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "ts_err.h"
#include <cjson/cJSON.h>

/*
 * Returns 0, or -EINVAL with the first fault in `err` (exit status 3): "latency.response.count: must be an integer, is
 * "three"". The place is written as ts_json_at reads it; the document itself is "the document".
 */
int schema_check(const cJSON *schema, const cJSON *document, struct ts_err *err);

#endif
