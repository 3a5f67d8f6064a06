/*
 * jemalloc: it starts when the C++ library, which it brings along, allocates its first block.
 */

/* malloc_trim is the C library's, and would be of its heap. */
static int measured_trim(u64 pad) { return (void)pad, 0; }

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
