/* One look at the played server's wire and at the client's pipes. */
#include "client_play.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 5            /* between two looks whether the client has ended */
#define FLOOD   (512 * 1024) /* bytes of output that no case asks for */

bool play_on_stream(const struct play *p)
{
	return ts_transport_is_stream(p->at.transport);
}

void play_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void read_pipe(struct play *p, int *fd, struct play_bytes *to, const char *what)
{
	char buf[16384];
	ssize_t n;

	while (*fd >= 0 && !p->flooded && (n = read(*fd, buf, sizeof(buf))) != -1) {
		if (n == 0) {
			play_close_fd(fd);
			return;
		}
		TRACED(p, what, buf, (size_t)n);
		play_add(to, buf, (size_t)n);
		p->flooded = to->n > FLOOD;
	}
}

static void read_conn(struct play *p, int i)
{
	struct play_conn *c = &p->conns[i];
	char buf[16384];
	ssize_t n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n > 0) {
		TRACED(p, "sends", buf, (size_t)n);
		play_add(&p->got, buf, (size_t)n);
		p->asked = true;
		p->talk = i;
	} else if (n == 0) {
		TRACED(p, "FIN", NULL, 0);
		p->fin = c->at_end = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		TRACED(p, "RST", NULL, 0);
		p->rst = true;
		play_close_fd(&c->fd);
	}
}

static void take_call(struct play *p)
{
	int fd = p->n_conns < PLAY_CONNS ? accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

	if (fd < 0)
		return;
	TRACED(p, "connects", NULL, 0);
	p->conns[p->n_conns++] = (struct play_conn){.fd = fd};
}

/* One datagram at a time: the next is left in its queue until this one is answered. */
static void take_datagram(struct play *p)
{
	char buf[65536];
	ssize_t n;

	p->n_from = sizeof(p->from);
	n = recvfrom(p->listen_fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&p->from, &p->n_from);
	if (n < 0)
		return;
	TRACED(p, "sends", buf, (size_t)n);
	play_add(&p->got, buf, (size_t)n);
	p->asked = true;
}

void play_pump(struct play *p)
{
	struct pollfd fds[PLAY_CONNS + 3];
	int n = 0;

	fds[n++] = (struct pollfd){.fd = p->out_fd, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = p->err_fd, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = play_on_stream(p) || !p->asked ? p->listen_fd : -1, .events = POLLIN};
	for (int i = 0; i < p->n_conns; i++)
		fds[n++] = (struct pollfd){.fd = p->conns[i].at_end ? -1 : p->conns[i].fd, .events = POLLIN};
	if (poll(fds, (nfds_t)n, TICK_MS) < 0)
		return;
	read_pipe(p, &p->out_fd, &p->out, "prints");
	read_pipe(p, &p->err_fd, &p->err, "complains");
	for (int i = 3; i < n; i++)
		if (fds[i].revents)
			read_conn(p, i - 3);
	if (fds[2].revents && play_on_stream(p))
		take_call(p);
	else if (fds[2].revents)
		take_datagram(p);
}
