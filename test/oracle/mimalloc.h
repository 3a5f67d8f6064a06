/*
 * mimalloc: it draws where its first segment is to be. Its mmap is seen here, so that addresses are told as distances from
 * there.
 */

void mi_collect(_Bool isForced);
void mi_stats_print_out(void (*out)(const char *text, void *to), void *to);

/* Weak: the program is built without the library. */
#pragma weak mi_collect
#pragma weak mi_stats_print_out

static int measured_trim(u64 pad) {
  mi_collect(!pad);
  return 0;
}

static struct result *result;

/* Where the first segment is asked for. No other mapping has a hint so low. */
#define LOWEST_BASE (2ul << 40)
#define HIGHEST_BASE (30ul << 40)

void *mmap(void *hint, size_t bytes, int protection, int flags, int fd, off_t offset) {
  if ((u64)hint >= LOWEST_BASE && (u64)hint < HIGHEST_BASE && !result->base) result->base = (u64)hint;
  return (void *)syscall(SYS_mmap, hint, bytes, protection, flags, fd, offset);
}

/* Its lines about the allocator. Those about the process come last. */
static void tell(const char *line, void *isOver) {
  if (strstr(line, "elapsed:")) *(int *)isOver = 1;
  if (*(int *)isOver) return;
  ssize_t ignored = write(2, line, strlen(line));
  (void)ignored;
}

/* malloc_stats is the C library's, and would be of its heap. */
static void tell_statistics(void) {
  int isOver = 0;
  mi_stats_print_out(tell, &isOver);
}
#define malloc_stats tell_statistics

static void note_end(struct result *seen) {
  (void)seen;
  if (!mi_collect) die("oracle: no mimalloc is preloaded\n");
}
