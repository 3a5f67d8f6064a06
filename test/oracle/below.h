/*
 * The C library's malloc by the names that it has for itself, and what a layer over it asks of it. While a layer is at
 * work, malloc is that of the C library; else the program's own (own-malloc.h). Under ptrace each call below is told as a
 * system call that does not exist: which, two arguments, the result.
 */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t align, size_t bytes);
void __libc_free(void *block);

#define BELOW_MARK 0x5a60
enum { MALLOC_BELOW, CALLOC_BELOW, REALLOC_BELOW, FREE_BELOW };

static int isLayerAtWork;
static int tellsBelow;

static void tell(u64 which, u64 first, u64 second, void *result) {
  int error = errno;
  if (tellsBelow) syscall(BELOW_MARK + which, first, second, result, 0);
  errno = error;
}

static void *malloc_below(size_t bytes) {
  void *block = __libc_malloc(bytes);
  tell(MALLOC_BELOW, bytes, 0, block);
  return block;
}

static void *calloc_below(size_t count, size_t bytes) {
  void *block = __libc_calloc(count, bytes);
  tell(CALLOC_BELOW, count * bytes, 0, block);
  return block;
}

static void *realloc_below(void *old, size_t bytes) {
  void *block = __libc_realloc(old, bytes);
  tell(REALLOC_BELOW, (u64)old, bytes, block);
  return block;
}

static void free_below(void *block) {
  __libc_free(block);
  tell(FREE_BELOW, (u64)block, 0, 0);
}
