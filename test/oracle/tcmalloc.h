/*
 * tcmalloc: it starts when the C++ library, which it brings along, allocates its first block. Its figures can be asked for
 * at any time.
 */

/* malloc_trim is the C library's, and would be of its heap. */
static int measured_trim(u64 pad) { return (void)pad, 0; }

typedef int property_function(const char *name, size_t *value);
static property_function *property;

static u64 ask(const char *name) {
  size_t value = 0;
  if (!property(name, &value)) die("oracle: tcmalloc does not know what it is asked\n");
  return value;
}

/* As its mallinfo, which has 32 bits only. */
static void tell_properties(u64 *to) {
  u64 cached = ask("tcmalloc.central_cache_free_bytes") + ask("tcmalloc.transfer_cache_free_bytes");
  to[0] = ask("generic.heap_size");
  to[6] = cached + ask("tcmalloc.thread_cache_free_bytes");
  to[7] = ask("generic.current_allocated_bytes");
  to[8] = ask("tcmalloc.pageheap_free_bytes") + ask("tcmalloc.pageheap_unmapped_bytes");
}

__attribute__((constructor)) static void find_property(void) {
  property = (property_function *)dlsym(RTLD_DEFAULT, "MallocExtension_GetNumericProperty");
  if (property) tell_figures = tell_properties;
}

static void note_end(struct result *result) {
  u64 figures[10] = {0};
  tell_properties(figures);
  result->statistics[0] = figures[0];
  for (u32 i = 0; i < 3; i++) result->statistics[1 + i] = figures[6 + i];
  result->statistics[4] = ask("tcmalloc.pageheap_free_bytes");
  result->statistics[5] = ask("tcmalloc.pageheap_unmapped_bytes");
}
