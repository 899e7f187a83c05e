/* Words that some servers obey, and text that a shell would run (--words). */
#include "exec.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void case_data_words(struct turn *t)
{
	static const char *const words[] = {"quit",  "exit",  "bye",  "help", "stop",    "close",  "shutdown",
	                                    "end",   "ls",    "time", "QUIT", "/quit",   "logout", "sleep",
	                                    "stats", "reset", "kill", "q",    "version", "ping"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && t->blame == NOBODY; i++)
		turn_ask_text(t, words[i]);
	if (exec_streams(t) && !t->subject->dialect.line)
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && t->blame == NOBODY; i++) {
			char line[32];
			snprintf(line, sizeof(line), "%s\n", words[i]);
			turn_ask_text(t, line);
		}
	turn_ask_end(t);
}

/* Each would make a file if a shell, or another interpreter, ran it. */
void case_data_not_executed(struct turn *t)
{
	static const char *const forms[] = {
	        "touch %s",           "; touch %s",     "`touch %s`",
	        "$(touch %s)",        "| touch %s",     "' ; touch %s ; '",
	        "\" ; touch %s ; \"", "open('%s','w')", "__import__('os').system('touch %s')",
	        "&& touch %s",        "!touch %s",      "system('touch %s')"};
	char path[64], text[160];
	struct stat st;

	snprintf(path, sizeof(path), "/tmp/tsconform-canary-%d", (int)getpid());
	unlink(path); /* of a run that was killed */
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && t->blame == NOBODY; i++) {
		const char *hole = strstr(forms[i], "%s");
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(hole - forms[i]), forms[i], path, hole + 2);
		turn_ask_text(t, text);
	}
	turn_ask_end(t);
	if (stat(path, &st) == 0) {
		unlink(path);
		turn_forgive(t);
		turn_fail(t, BYTES, "data was executed: it made the file %s", path);
	}
}
