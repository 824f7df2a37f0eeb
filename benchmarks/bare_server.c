/* What answering costs at least: waits, reads what comes, writes one answer; the three calls of the system that no
 * server can do without, and nothing else.
 *
 *   bare_server ANSWER END LISTENER...   writes the content of the file ANSWER to whoever sends something, on each of
 *                                        these listening descriptors. A connection whose request holds the text END is
 *                                        closed after its answer.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int watch(int epoll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = descriptor};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int main(int argc, char **argv) {
    static char request[1 << 16];
    struct stat status;
    if (argc < 4) return 2;
    int file = open(argv[1], O_RDONLY), epoll = epoll_create1(0);
    if (file < 0 || epoll < 0 || fstat(file, &status)) return 1;
    char *answer = malloc(status.st_size);
    if (!answer || read(file, answer, status.st_size) != status.st_size) return 1;
    int last_listener = 0;
    for (int index = 3; index < argc; index++) {
        int listener = atoi(argv[index]);
        if (listener > last_listener) last_listener = listener;
        if (watch(epoll, listener)) return 1;
    }
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) < 1) continue;
        int descriptor = event.data.fd;
        /* Listeners were opened before everything else; the rest are clients, one at a time. */
        if (descriptor <= last_listener) {
            int client = accept4(descriptor, 0, 0, SOCK_CLOEXEC);
            if (client >= 0 && watch(epoll, client)) close(client);
            continue;
        }
        ssize_t size = read(descriptor, request, sizeof request);
        for (ssize_t sent = 0, part; size > 0 && sent < status.st_size; sent += part)
            if ((part = write(descriptor, answer + sent, status.st_size - sent)) <= 0) size = 0;
        if (size <= 0 || memmem(request, size, argv[2], strlen(argv[2]))) close(descriptor);
    }
}
