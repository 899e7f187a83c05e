/*
 * send(2) and recv(2), non-blocking and without SIGPIPE, as bare system calls. glibc's own are cancellation points: in
 * a program with threads they pay two locked instructions each for pthread_cancel(3), which nobody here uses; that is
 * about 1 % of a request. Results and errno are those of the functions.
 */
#ifndef SOCKET_IO_H
#define SOCKET_IO_H

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline ssize_t socket_send(int fd, const void *bytes, size_t n)
{
	return syscall(SYS_sendto, fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
}

static inline ssize_t socket_recv(int fd, void *bytes, size_t n)
{
	return syscall(SYS_recvfrom, fd, bytes, n, MSG_DONTWAIT, NULL, NULL);
}

#endif
