/*
 * The allocator that is measured: the C library's; or, built with PYMALLOC, Python's objects over it. The interpreter is not
 * initialised, so that the first arena is the trace's own.
 */
#ifdef PYMALLOC

int _PyObject_DebugMallocStats(FILE *to);

static void *measured_malloc(u64 bytes) {
  isLayerAtWork = 1;
  void *block = PyObject_Malloc(bytes);
  isLayerAtWork = 0;
  return block;
}

static void *measured_calloc(u64 count, u64 bytes) {
  isLayerAtWork = 1;
  void *block = PyObject_Calloc(count, bytes);
  isLayerAtWork = 0;
  return block;
}

static void *measured_realloc(void *old, u64 bytes) {
  isLayerAtWork = 1;
  void *block = PyObject_Realloc(old, bytes);
  isLayerAtWork = 0;
  return block;
}

static void measured_free(void *block) {
  isLayerAtWork = 1;
  PyObject_Free(block);
  isLayerAtWork = 0;
}

static void *allocate_arena(void *context, size_t bytes) { return (void)context, malloc(bytes); }

static void free_arena(void *context, void *arena, size_t bytes) {
  (void)context, (void)bytes;
  free(arena);
}

static void *no_arena(void *context, size_t bytes) { return (void)context, (void)bytes, NULL; }

/* ORACLE_ARENAS: malloc; none, as PYTHONMALLOC=malloc has it; fail, for arenas that cannot be had. */
#define measured_memalign __libc_memalign

static void prepare_measured(void) {
  const char *arenas = getenv("ORACLE_ARENAS");
  if (!arenas) return;
  PyObjectArenaAllocator below = {0, allocate_arena, free_arena}, none = {0, no_arena, free_arena};
  PyMemAllocatorEx raw;
  PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &raw);
  if (!strcmp(arenas, "malloc")) PyObject_SetArenaAllocator(&below);
  if (!strcmp(arenas, "fail")) PyObject_SetArenaAllocator(&none);
  if (!strcmp(arenas, "none")) PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &raw);
}

/* What sys._debugmallocstats prints of arenas, if it is asked for. */
static void tell_measured(void) {
  if (getenv("ORACLE_ARENA_STATS")) _PyObject_DebugMallocStats(stderr);
}

/* Python says of no block how large it is. */
static u64 measured_size(void *block) { return (void)block, 0; }

#else

#define measured_malloc __libc_malloc
#define measured_calloc __libc_calloc
#define measured_realloc __libc_realloc
#define measured_memalign __libc_memalign
#define measured_free __libc_free
#define measured_size malloc_usable_size
static void prepare_measured(void) {}
static void tell_measured(void) {}

#endif
