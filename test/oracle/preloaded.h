/*
 * A library is measured that the environment preloads: all that allocates here has it. It starts before main, so what the
 * program needs is there before all libraries are (oracle.c). What follows is the same of each; what a library has of its
 * own is in the header of its name.
 */
#include <dlfcn.h>

/* The C library's, for the parent, which measures nothing. */
void *__libc_malloc(size_t bytes);
void __libc_free(void *block);
static int tellsBelow;

#define measured_malloc malloc
#define measured_calloc calloc
#define measured_realloc realloc
#define measured_memalign memalign
#define measured_free free
#define measured_size malloc_usable_size

static void prepare_own(void) {}
static void prepare_measured(void) {}
static void tell_measured(void) {}
static void set_parameters(const struct job *job) { (void)job; }

/* Tells what the library says at any time in the fields of mallinfo2, if it does. */
static void (*tell_figures)(u64 *to);

static void note_figures(u64 *to) {
  if (tell_figures) tell_figures(to);
}

/* The clock that it sees: it stands still, but for what the trace and the job say. */
#define CLOCK_START 1000000000000ul
static u64 clockNow = CLOCK_START, clockAdvance;

int clock_gettime(clockid_t id, struct timespec *to) {
  (void)id;
  to->tv_sec = clockNow / 1000000000;
  to->tv_nsec = clockNow % 1000000000;
  return 0;
}

static void start_clock(u64 step) { clockAdvance = step; }
static void set_clock(u64 to) {
  if (clockNow < CLOCK_START + to) clockNow = CLOCK_START + to;
}
static void advance_clock(void) { clockNow += clockAdvance; }
