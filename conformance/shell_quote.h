#ifndef SHELL_QUOTE_H
#define SHELL_QUOTE_H

/* The text in apostrophes, as a shell takes it for one word; with control characters but tabs: as $'\012'. Owned; NULL:
 * no memory. */
char *shell_quote(const char *text);

#endif
