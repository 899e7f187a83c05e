#include "embedded.h"
#include <string.h>

/* Each file begins at a symbol and has a NUL after it. The assembler reads it from the top of the tree. */
#define FILE_ROW(symbol, name, path)                                                                                   \
	__asm__(".pushsection .rodata\n"                                                                               \
	        "embedded_" #symbol ": .incbin \"" path "\"\n"                                                         \
	        ".byte 0\n"                                                                                            \
	        ".popsection\n");                                                                                      \
	extern const char embedded_##symbol[];
#include "embedded.def"
#undef FILE_ROW

static const struct {
	const char *name, *text;
} files[] = {
#define FILE_ROW(symbol, name, path) {name, embedded_##symbol},
#include "embedded.def"
#undef FILE_ROW
};

const char *embedded_name(size_t i)
{
	return i < sizeof(files) / sizeof(files[0]) ? files[i].name : NULL;
}

const char *embedded_text(const char *name)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].name, name) == 0)
			return files[i].text;
	return NULL;
}
