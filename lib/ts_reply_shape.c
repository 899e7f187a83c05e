#include "ts_reply_shape_inside.h"

static const struct {
	bool (*fits)(const struct ts_exchange *x);
	const char *why;
} shapes[] = {
#define SHAPE(function, sentence) {function, sentence},
#include "ts_reply_shapes.def"
#undef SHAPE
};

const char *ts_reply_shape(const char *in, size_t n_in, const char *out, size_t n_out)
{
	const struct ts_exchange exchange = {.in = in,
	                                     .out = out,
	                                     .line = in,
	                                     .n_in = n_in,
	                                     .n_out = n_out,
	                                     .n_line = ts_text_without_line_end(in, n_in),
	                                     .n_out_line = ts_text_without_line_end(out, n_out)};
	size_t i = 0;

	while (!shapes[i].fits(&exchange))
		i++;
	return shapes[i].why;
}
