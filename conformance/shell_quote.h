#ifndef SHELL_QUOTE_H
#define SHELL_QUOTE_H

/* The text in apostrophes, as a shell takes it for one word. Owned; NULL: out of memory. */
char *shell_quote(const char *text);

#endif
