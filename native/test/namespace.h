/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network namespace like that of a container: loopback up, with the container's address and its gateway's.
 */
#ifndef CAISSON_TEST_NAMESPACE_H
#define CAISSON_TEST_NAMESPACE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "address.h"
#include "netns.h"
#include "test.h"

#define CONTAINER_ADDRESS "172.17.0.2"
#define GATEWAY_ADDRESS "172.17.0.1"

static inline union address address_parse(const char *text, uint16_t port)
{
	uint8_t bytes[16];
	union address a;
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	CHECK_INT(inet_pton(family, text, bytes), 1);
	CHECK(address_of((struct slice){ bytes, family == AF_INET ? 4 : 16 }, port, &a));
	return a;
}

static void configure(const char *name, const char *address)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (address) {
		union address a = address_parse(address, 0), mask = address_parse("255.255.255.255", 0);

		memcpy(&request.ifr_addr, &a.v4, sizeof(a.v4));
		CHECK_INT(ioctl(fd, SIOCSIFADDR, &request), 0);
		memcpy(&request.ifr_netmask, &mask.v4, sizeof(mask.v4));
		CHECK_INT(ioctl(fd, SIOCSIFNETMASK, &request), 0);
	} else {
		request.ifr_flags = IFF_UP | IFF_RUNNING;
		CHECK_INT(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	}
	close(fd);
}

/* namespace_make() - Return: descriptor that keeps the namespace alive. */
static inline int namespace_make(void)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	if (unshare(CLONE_NEWNET) < 0)
		TEST_FAIL("unshare: %s (these tests need root)", strerror(errno));
	configure("lo", NULL);
	configure("lo:1", CONTAINER_ADDRESS);
	configure("lo:2", GATEWAY_ADDRESS);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_INT(setns(own, CLONE_NEWNET), 0);
	close(own);
	return fd;
}

/* namespace_bind() - Non-blocking socket bound in the namespace, listening if it is a stream socket; port 0: any. */
static inline int namespace_bind(int ns, int type, const char *address, uint16_t port, bool v6only, uint16_t *bound)
{
	union address a = address_parse(address, port);
	socklen_t len = sizeof(a);
	int on = v6only, fd = netns_socket(ns, a.any.sa_family, type | SOCK_NONBLOCK, 0);

	CHECK(fd >= 0);
	if (a.any.sa_family == AF_INET6)
		CHECK_INT(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), 0);
	if (bind(fd, &a.any, address_len(&a)) < 0 || (type == SOCK_STREAM && listen(fd, 128) < 0))
		TEST_FAIL("bind %s: %s", address, strerror(errno));
	CHECK_INT(getsockname(fd, &a.any, &len), 0);
	if (bound)
		*bound = address_port(&a);
	return fd;
}

#endif
