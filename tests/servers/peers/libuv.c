/* A timestamp server on libuv. usage: libuv URI */
#include "peer.h"
#include <uv.h>

/* A reply in flight: the request, and "[time]data" in one piece. */
struct reply {
	union {
		uv_write_t write;
		uv_udp_send_t send;
	} request;
	char bytes[];
};

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	static char data[PEER_BUFFER]; /* one loop, and used up before the next read */

	(void)handle, (void)size;
	*buf = uv_buf_init(data, sizeof(data));
}

static struct reply *reply_new(const char *data, size_t n, uv_buf_t *buf)
{
	struct reply *reply = malloc(sizeof(*reply) + 64 + n);
	time_t now = time(NULL);
	struct tm tm;
	size_t n_stamp;

	localtime_r(&now, &tm);
	n_stamp = strftime(reply->bytes, 64, "[%a %b %e %H:%M:%S %Y]", &tm);
	memcpy(reply->bytes + n_stamp, data, n);
	*buf = uv_buf_init(reply->bytes, n_stamp + n);
	return reply;
}

static void on_close(uv_handle_t *handle)
{
	free(handle);
}

static void on_read(uv_stream_t *client, ssize_t n, const uv_buf_t *data);

static void on_written(uv_write_t *request, int status)
{
	uv_stream_t *client = request->handle;

	free(request);
	if (status < 0 && !uv_is_closing((uv_handle_t *)client))
		uv_close((uv_handle_t *)client, on_close);
	else if (status == 0 && !uv_stream_get_write_queue_size(client) && !uv_is_closing((uv_handle_t *)client))
		uv_read_start(client, on_alloc, on_read); /* go on with a client that reads again */
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
	(void)status;
	if (!uv_is_closing((uv_handle_t *)request->handle))
		uv_close((uv_handle_t *)request->handle, on_close);
	free(request);
}

static void on_read(uv_stream_t *client, ssize_t n, const uv_buf_t *data)
{
	struct reply *reply;
	uv_buf_t buf;

	if (n == UV_EOF) {
		uv_shutdown(malloc(sizeof(uv_shutdown_t)), client, on_shut_down);
	} else if (n < 0) {
		uv_close((uv_handle_t *)client, on_close);
	} else if (n > 0) {
		reply = reply_new(data->base, n, &buf);
		uv_write(&reply->request.write, client, &buf, 1, on_written);
		if (uv_stream_get_write_queue_size(client) > PEER_BUFFER)
			uv_read_stop(client);
	}
}

static void on_connection(uv_stream_t *listener, int status)
{
	uv_tcp_t *client = malloc(sizeof(*client));

	if (status < 0)
		return;
	uv_tcp_init(listener->loop, client);
	uv_accept(listener, (uv_stream_t *)client);
	uv_tcp_nodelay(client, 1);
	uv_read_start((uv_stream_t *)client, on_alloc, on_read);
}

static void on_sent(uv_udp_send_t *request, int status)
{
	(void)status;
	free(request);
}

static void on_datagram(uv_udp_t *server, ssize_t n, const uv_buf_t *data, const struct sockaddr *addr,
                        unsigned int flags)
{
	struct reply *reply;
	uv_buf_t buf;

	(void)flags;
	if (n < 0 || !addr)
		return;
	reply = reply_new(data->base, n, &buf);
	uv_udp_send(&reply->request.send, server, &buf, 1, addr, on_sent);
}

int main(int argc, char **argv)
{
	uv_loop_t *loop = uv_default_loop();
	struct peer_endpoint ep;
	uv_tcp_t tcp;
	uv_udp_t udp;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	peer_parse(&ep, argc > 1 ? argv[1] : "tcp://127.0.0.1:0");
	fd = peer_listen(&ep, SOCK_NONBLOCK);
	if (ep.type == SOCK_STREAM) {
		uv_tcp_init(loop, &tcp);
		uv_tcp_open(&tcp, fd);
		uv_listen((uv_stream_t *)&tcp, SOMAXCONN, on_connection);
	} else {
		uv_udp_init(loop, &udp);
		uv_udp_open(&udp, fd);
		uv_udp_recv_start(&udp, on_alloc, on_datagram);
	}
	peer_ready(-1, &ep);
	return uv_run(loop, UV_RUN_DEFAULT) ? 3 : 0;
}
