/*
 * jemalloc is measured, which the environment preloads: all that allocates here has it. It starts when the C++ library,
 * which it brings along, allocates its first block. What the program needs is there before (oracle.c).
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
static void note_figures(u64 *to) { (void)to; }

/* malloc_trim is the C library's, and would be of its heap. */
static int measured_trim(u64 pad) { return (void)pad, 0; }

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

/* How far into the thread's state what mallctl gives the address of is. */
#define ALLOCATED_AT 0x338

typedef int mallctl_function(const char *name, void *old, size_t *oldBytes, void *fresh, size_t freshBytes);

static u64 ask(mallctl_function *mallctl, const char *name) {
  u64 value = 0;
  size_t bytes = sizeof value;
  if (mallctl(name, &value, &bytes, 0, 0)) die("oracle: mallctl does not know what it is asked\n");
  return value;
}

/* Asking allocates, so it comes last. */
static void note_end(struct result *result) {
  mallctl_function *mallctl = (mallctl_function *)dlsym(RTLD_DEFAULT, "mallctl");
  if (!mallctl) die("oracle: no jemalloc is preloaded\n");
  static const char *const names[] = {"stats.allocated", "stats.active",   "stats.metadata",
                                      "stats.resident",  "stats.mapped",   "stats.retained"};
  result->seed = ask(mallctl, "thread.allocatedp") - ALLOCATED_AT;
  u64 epoch = 1;
  mallctl("epoch", 0, 0, &epoch, sizeof epoch);
  for (u32 i = 0; i < sizeof names / sizeof *names; i++) result->statistics[i] = ask(mallctl, names[i]);
}
