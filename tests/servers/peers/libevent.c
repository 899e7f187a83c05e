/* A timestamp server on libevent's bufferevents. usage: libevent URI */
#include "peer.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

static size_t stamp_write(char *stamp, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	return strftime(stamp, size, "[%a %b %e %H:%M:%S %Y]", &tm);
}

static void on_read(struct bufferevent *client, void *arg)
{
	char stamp[64];

	(void)arg;
	bufferevent_write(client, stamp, stamp_write(stamp, sizeof(stamp)));
	bufferevent_write_buffer(client, bufferevent_get_input(client));
	if (evbuffer_get_length(bufferevent_get_output(client)) > PEER_BUFFER)
		bufferevent_disable(client, EV_READ); /* until a slow reader has read */
}

static void on_drained(struct bufferevent *client, void *arg)
{
	(void)arg;
	bufferevent_enable(client, EV_READ);
}

static void on_written(struct bufferevent *client, void *arg)
{
	(void)arg;
	bufferevent_free(client);
}

static void on_end(struct bufferevent *client, short events, void *arg)
{
	(void)arg;
	if (events & BEV_EVENT_ERROR || !evbuffer_get_length(bufferevent_get_output(client)))
		bufferevent_free(client);
	else /* the client has half-closed: what is owed goes out first */
		bufferevent_setcb(client, NULL, on_written, on_end, NULL);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr, int addr_len,
                      void *base)
{
	struct bufferevent *client = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	int on = 1;

	(void)listener, (void)addr, (void)addr_len;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	bufferevent_setcb(client, on_read, on_drained, on_end, NULL);
	bufferevent_enable(client, EV_READ | EV_WRITE);
}

static void on_datagram(evutil_socket_t fd, short events, void *arg)
{
	static char reply[PEER_BUFFER + 64];
	struct sockaddr_storage addr;
	socklen_t addr_len = sizeof(addr);
	size_t n_stamp = stamp_write(reply, 64);
	ssize_t n = recvfrom(fd, reply + n_stamp, PEER_BUFFER, 0, (struct sockaddr *)&addr, &addr_len);

	(void)events, (void)arg;
	if (n >= 0)
		sendto(fd, reply, n_stamp + n, 0, (struct sockaddr *)&addr, addr_len);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct peer_endpoint ep;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	peer_parse(&ep, argc > 1 ? argv[1] : "tcp://127.0.0.1:0");
	fd = peer_listen(&ep, SOCK_NONBLOCK);
	if (ep.type == SOCK_STREAM)
		evconnlistener_new(base, on_accept, base, LEV_OPT_CLOSE_ON_FREE, 0, fd);
	else
		event_add(event_new(base, fd, EV_READ | EV_PERSIST, on_datagram, NULL), NULL);
	peer_ready(-1, &ep);
	return event_base_dispatch(base) < 0 ? 3 : 0;
}
