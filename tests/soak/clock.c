/* The clock of a process, wrong by the seconds that a file says (LD_PRELOAD; clock.py compiles and uses it).
   CLOCK_MONOTONIC stays as it is, as when a person sets a clock. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *wrong_by;

static int64_t offset_s(void)
{
    if (wrong_by == NULL) {
        const char *name = getenv("CLOCK_FILE");
        int file = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
        if (file < 0)
            return 0;
        void *found = mmap(NULL, sizeof *wrong_by, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        if (found == MAP_FAILED)
            return 0;
        wrong_by = found;
    }
    return *wrong_by;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += offset_s();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec found;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &found))
        return -1;
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec found;
    if (clock_gettime(CLOCK_REALTIME, &found))
        return (time_t)-1;
    if (now != NULL)
        *now = found.tv_sec;
    return found.tv_sec;
}
