/* The two ends of the path of an event, and a bare exchange of messages to compare it with.
 *
 *   event_ends talk COUNT PAUSE PLACE ALL
 *                                   writes COUNT communication events, numbered and stamped, PAUSE microseconds apart
 *                                   (0: all in one burst), and waits; as the one at PLACE of ALL of its kind it leaves
 *                                   the numbers of those before it out, and begins a second later, when all are
 *                                   there, and so much more that all together speak evenly
 *   event_ends listen FILE          an event listener that notes when each of these numbers came, in FILE
 *   event_ends ping FILE COUNT      sends COUNT messages of an event's size to a listener, each when it asked for one;
 *                                   prints the nanoseconds that took, and those of processor time of the sender
 *   event_ends relay FILE COUNT PAUSE
 *                                   has a child send COUNT messages of an event's size, PAUSE microseconds apart, and
 *                                   does nothing but wait for each and pass it on to a listener
 *
 * FILE holds 64-bit numbers: events received, time of the first, time of the last; then the nanoseconds on the way
 * for each number, 0 while it has not come. It must have its full size before.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BEGIN "<!--XSUPERVISOR:BEGIN-->"
#define END "<!--XSUPERVISOR:END-->"
#define HEAD 3

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int say(int pipe, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(pipe, text, length);
        if (written <= 0) return 0;
        text += written;
        length -= written;
    }
    return 1;
}

static int talk(long count, long pause_us, long place, long all) {
    static char text[1 << 16];
    size_t length = 0;
    if (all > 1) usleep(1000000 + pause_us * place / all);
    for (long number = 0; number < count; number++) {
        length += sprintf(text + length, BEGIN "%ld %lld" END "\n", place * count + number, now());
        /* What follows the last token lets go of it: up to its length is held back. */
        if (pause_us || number == count - 1) length += sprintf(text + length, "%30s\n", "");
        if (pause_us || number == count - 1 || length > sizeof text - 256) {
            if (!say(1, text, length)) return 1;
            length = 0;
        }
        if (pause_us) usleep(pause_us);
    }
    for (;;) pause();
}

static int listen_to(const char *path) {
    static char text[1 << 16];
    struct stat status;
    int file = open(path, O_RDWR);
    if (file < 0 || fstat(file, &status) || !say(1, "READY\n", 6)) return 1;
    volatile long long *notes = mmap(0, status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (notes == MAP_FAILED) return 1;
    size_t have = 0;
    for (;;) {
        ssize_t size = read(0, text + have, sizeof text - 1 - have);
        if (size <= 0) return 0;
        have += size;
        text[have] = 0;
        /* One event at a time, but the bare relay may be late and bring two. */
        for (char *end, *told; (end = memchr(text, '\n', have)) && (told = strstr(text, "len:"));) {
            size_t length = end + 1 - text + atol(told + 4);
            if (have < length) break;
            long long number, sent, received = now();
            char *data = strchr(end + 1, '\n');
            if (data && sscanf(data, "%lld %lld", &number, &sent) == 2
                && number >= 0 && (HEAD + number) * 8 < status.st_size) {
                if (!notes[0]) notes[1] = received;
                notes[HEAD + number] = received - sent;
                notes[2] = received;
                notes[0]++;
            }
            memmove(text, text + length, have + 1 - length);
            have -= length;
            if (!say(1, "RESULT 2\nOKREADY\n", 17)) return 1;
        }
    }
}

/* A listener of one's own, at the end of pipes whose other ends are these. */
static pid_t new_listener(const char *self, const char *path, int *input, int *output) {
    int to[2], from[2];
    if (pipe(to) || pipe(from)) return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execl(self, self, "listen", path, (char *)0);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    *input = to[1];
    *output = from[0];
    char answer[64];
    return child < 0 || read(*output, answer, sizeof answer) != 6 ? -1 : child;
}

/* Sends what a listener gets of one event. */
static int send_event(int pipe, long number) {
    char text[512], payload[128];
    int size = sprintf(payload, "processname:talker groupname:talker pid:12345\n%ld %lld", number, now());
    int length = sprintf(text,
        "ver:3.0 server:supervisor serial:%ld pool:listener poolserial:%ld "
        "eventname:PROCESS_COMMUNICATION_STDOUT len:%d\n%s", number, number, size, payload);
    return say(pipe, text, length);
}

static int ping(const char *self, const char *path, long count) {
    int input, output;
    char answer[64];
    struct rusage before, after;
    pid_t child = new_listener(self, path, &input, &output);
    if (child < 0) return 1;
    getrusage(RUSAGE_SELF, &before);
    long long begin = now();
    for (long number = 0; number < count; number++) {
        if (!send_event(input, number)) return 1;
        for (ssize_t got = 0, part; got < 17; got += part)
            if ((part = read(output, answer, sizeof answer)) <= 0) return 1;
    }
    long long end = now();
    getrusage(RUSAGE_SELF, &after);
    long long micros = (after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec
        - before.ru_stime.tv_sec) * 1000000LL + after.ru_utime.tv_usec + after.ru_stime.tv_usec
        - before.ru_utime.tv_usec - before.ru_stime.tv_usec;
    printf("%lld %lld\n", end - begin, micros * 1000);
    close(input);
    waitpid(child, 0, 0);
    return 0;
}

static int relay(const char *self, const char *path, long count, long pause_us) {
    static char text[1 << 16];
    int input, output, talk[2];
    pid_t listener = new_listener(self, path, &input, &output);
    if (listener < 0 || pipe(talk)) return 1;
    pid_t talker = fork();
    if (talker < 0) return 1;
    if (talker == 0) {
        for (long number = 0; number < count; number++) {
            if (!send_event(talk[1], number)) _exit(1);
            usleep(pause_us);
        }
        _exit(0);
    }
    close(talk[1]);
    int wait = epoll_create1(0);
    struct epoll_event talks = {EPOLLIN, {.fd = talk[0]}}, answers = {EPOLLIN, {.fd = output}}, ready;
    if (wait < 0 || epoll_ctl(wait, EPOLL_CTL_ADD, talk[0], &talks)
        || epoll_ctl(wait, EPOLL_CTL_ADD, output, &answers)) return 1;
    while (epoll_wait(wait, &ready, 1, -1) == 1) {
        ssize_t size = read(ready.data.fd, text, sizeof text);
        if (size <= 0) break;
        if (ready.data.fd == talk[0] && !say(input, text, size)) return 1;
    }
    close(input);
    waitpid(talker, 0, 0);
    waitpid(listener, 0, 0);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 6 && !strcmp(argv[1], "talk"))
        return talk(atol(argv[2]), atol(argv[3]), atol(argv[4]), atol(argv[5]));
    if (argc == 3 && !strcmp(argv[1], "listen")) return listen_to(argv[2]);
    if (argc == 4 && !strcmp(argv[1], "ping")) return ping(argv[0], argv[2], atol(argv[3]));
    if (argc == 5 && !strcmp(argv[1], "relay")) return relay(argv[0], argv[2], atol(argv[3]), atol(argv[4]));
    return 2;
}
