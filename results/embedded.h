/*
 * Files that the program carries inside itself, so that it needs nothing beside it: the schemas, the charts' style, the
 * page's style and script. They are files of this room, put into the object by the assembler (.incbin).
 */
#ifndef EMBEDDED_H
#define EMBEDDED_H

#include <stddef.h>

/* The text of the file with this name (embedded.def), ended by a NUL; NULL when there is none. Borrowed, for ever. */
const char *embedded_text(const char *name);

/* The name of the i-th file, or NULL past the last. */
const char *embedded_name(size_t i);

#endif
