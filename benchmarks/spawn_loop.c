/* spawn_loop COUNT PROGRAM [ARGUMENT...]: the yardstick. Starts PROGRAM that often, with nothing but vfork and exec,
 * three pipes each, a process group of its own and all other descriptors closed on exec; prints the milliseconds
 * from the first start to the last, and ends what it started. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
    int count = argc > 2 ? atoi(argv[1]) : 0;
    pid_t *pids = calloc(count + 1, sizeof *pids);
    struct rlimit limit;
    if (count <= 0 || !pids) return 2;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    double begin = now();
    for (int i = 0; i < count; i++) {
        int in[2], out[2], err[2];
        if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return 3;
        pids[i] = vfork();
        if (pids[i] == 0) {
            setpgid(0, 0);
            dup2(in[0], 0);
            dup2(out[1], 1);
            dup2(err[1], 2);
            execv(argv[2], argv + 2);
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        close(err[1]);
    }
    printf("%.3f\n", now() - begin);
    for (int i = 0; i < count; i++) kill(pids[i], SIGKILL);
    while (wait(NULL) > 0) {}
    return 0;
}
