/* A disk that can be looked over the shoulder: every write, cut and sync below DISK_ROOT goes into DISK_LOG as it happens,
   and while the file DISK_TRIP exists no sync succeeds. One record: kind, length of the path, offset, length, path, bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct record { uint32_t kind, path; uint64_t offset, length; };

static void told(char kind, int file, const void *bytes, uint64_t length, uint64_t offset) {
    const char *root = getenv("DISK_ROOT"), *log = getenv("DISK_LOG");
    char link[64], path[4096];
    if (!root || !log) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path);
    if (size <= 0 || strncmp(path, root, strlen(root))) return;
    struct record head = {kind, size, offset, length};
    struct iovec parts[] = {{&head, sizeof head}, {path, size}, {(void *)bytes, bytes ? length : 0}};
    int out = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (syscall(SYS_writev, out, parts, 3) < 0) abort();
    syscall(SYS_close, out);
}

static int broken(void) { const char *trip = getenv("DISK_TRIP"); return trip && !access(trip, F_OK); }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define PWRITE(name, offset_type) ssize_t name(int file, const void *bytes, size_t length, offset_type at) { \
    ssize_t done = REAL(name)(file, bytes, length, at); if (done > 0) told('w', file, bytes, done, at); return done; }
#define CUT(name, offset_type) int name(int file, offset_type length) { \
    int done = REAL(name)(file, length); if (!done) told('t', file, 0, length, 0); return done; }
#define SYNC(name) int name(int file) { \
    if (broken()) { errno = EIO; return -1; } int done = REAL(name)(file); if (!done) told('s', file, 0, 0, 0); return done; }

PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)
SYNC(fsync)
SYNC(fdatasync)

ssize_t write(int file, const void *bytes, size_t length) {
    off_t at = lseek(file, 0, SEEK_CUR);
    ssize_t done = syscall(SYS_write, file, bytes, length);
    if (done > 0) told('w', file, bytes, done, at < 0 ? 0 : at);
    return done;
}
