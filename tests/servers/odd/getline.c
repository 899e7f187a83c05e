/* A timestamp server on standard input and output: a process for each client, getline(3), line framing. usage: getline
 * URI */
#include "peer.h"

static void converse(FILE *in, FILE *out)
{
	char *line = NULL, stamp[64];
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, in)) > 0 && strcmp(line, "\n") && strcmp(line, "\r\n")) {
		time_t now = time(NULL);
		struct tm tm;

		strftime(stamp, sizeof(stamp), "[%Y-%m-%dT%H:%M:%SZ]", gmtime_r(&now, &tm));
		fputs(stamp, out);
		fwrite(line, 1, n, out);
		if (fflush(out))
			break;
	}
	free(line);
}

int main(int argc, char **argv)
{
	struct peer_endpoint ep;
	int listener, fd;

	signal(SIGCHLD, SIG_IGN);
	peer_parse(&ep, argc > 1 ? argv[1] : "tcp://127.0.0.1:0");
	listener = peer_listen(&ep, 0);
	peer_ready(-1, &ep);
	while ((fd = accept(listener, NULL, NULL)) >= 0 || errno == EINTR || errno == ECONNABORTED) {
		if (fork() == 0) {
			close(listener);
			converse(fdopen(fd, "r"), fdopen(dup(fd), "w"));
			_exit(0);
		}
		close(fd);
	}
	return 3;
}
