/*
 * A clock that is wrong, for a process that is started with this in LD_PRELOAD. WRONG_CLOCKS names a directory with a file
 * for each process of a deployment, "control" or its region's name: 8 bytes, by how many seconds its time of day is off.
 * They are mapped, so whoever writes there sets the clock at once. Clocks that only go forward stay as they are. FEW_FILES,
 * if it is there, is how many files the process may have open.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *off;

/* The word after "--region"; of control the role itself. */
static const char *find_process(char *line, ssize_t length)
{
    for (char *word = line; word < line + length; word += strlen(word) + 1) {
        if (strcmp(word, "--region") == 0)
            return word + strlen(word) + 1;
        if (strcmp(word, "control") == 0)
            return word;
    }
    return NULL;
}

__attribute__((constructor)) static void begin(void)
{
    const char *few = getenv("FEW_FILES"), *clocks = getenv("WRONG_CLOCKS");
    char line[8192] = "", path[PATH_MAX];
    if (few) {
        struct rlimit limit = {strtoul(few, NULL, 10), strtoul(few, NULL, 10)};
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t length = read(file, line, sizeof line - 1);
    close(file);
    const char *process = clocks && length > 0 ? find_process(line, length) : NULL;
    if (!process)
        return;
    snprintf(path, sizeof path, "%s/%s", clocks, process);
    file = open(path, O_RDONLY | O_CLOEXEC);
    void *mapped = mmap(NULL, sizeof *off, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    off = mapped == MAP_FAILED ? NULL : mapped;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (result == 0 && off && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        time->tv_sec += *off;
    return result;
}
