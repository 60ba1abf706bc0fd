/*
 * A disk that fails, for a process that is started with this in LD_PRELOAD. While the file exists that FAILING_DISK names,
 * reads, writes and flushes (a), or flushes alone (f), of files below a directory give EIO; the file says which, such as
 * "a/the/directory".
 * Each time the path is added to the file of that name and ".met". Logs are spared.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static ssize_t read_order(const char *name, char *order)
{
    int file = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t length = syscall(SYS_read, file, order, PATH_MAX - 1);
    syscall(SYS_close, file);
    order[length < 0 ? 0 : length] = 0;
    return length;
}

static void note(const char *name, char *path, size_t length)
{
    char met[PATH_MAX];
    snprintf(met, sizeof met, "%s.met", name);
    int file = (int)syscall(SYS_openat, AT_FDCWD, met, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    path[length] = '\n';
    syscall(SYS_write, file, path, length + 1);
    syscall(SYS_close, file);
}

static int fails(int file, int is_flush)
{
    int before = errno;
    const char *name = getenv("FAILING_DISK");
    char order[PATH_MAX], link[64], path[PATH_MAX];
    ssize_t length = name ? read_order(name, order) : -1;
    if (length > 1 && (is_flush || order[0] == 'a')) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t end = readlink(link, path, sizeof path - 1);
        path[end < 0 ? 0 : end] = 0;
        if (strncmp(path, order + 1, length - 1) == 0 && !strstr(path + length - 1, "/log/")) {
            note(name, path, end);
            errno = EIO;
            return 1;
        }
    }
    errno = before;
    return 0;
}

#define FAILING(type, name, is_flush, parameters, arguments)                                                           \
    type name parameters                                                                                               \
    {                                                                                                                  \
        static type (*real) parameters;                                                                                \
        if (fails(file, is_flush))                                                                                     \
            return -1;                                                                                                 \
        if (!real)                                                                                                     \
            real = (type (*) parameters)dlsym(RTLD_NEXT, #name);                                                       \
        return real arguments;                                                                                         \
    }

FAILING(ssize_t, read, 0, (int file, void *bytes, size_t count), (file, bytes, count))
FAILING(ssize_t, pread64, 0, (int file, void *bytes, size_t count, off64_t at), (file, bytes, count, at))
FAILING(ssize_t, write, 0, (int file, const void *bytes, size_t count), (file, bytes, count))
FAILING(ssize_t, pwrite64, 0, (int file, const void *bytes, size_t count, off64_t at), (file, bytes, count, at))
FAILING(int, ftruncate64, 0, (int file, off64_t length), (file, length))
FAILING(int, fsync, 1, (int file), (file))
FAILING(int, fdatasync, 1, (int file), (file))
