/*
 * The program's own malloc, which the C library uses too where it makes threads and prints. So the heap that is measured
 * is that of the trace alone: the trace calls the C library's malloc by the names of below.h. Nothing is given back.
 */
#define OWN_BYTES (1ul << 20)
#define OWN_ALIGN 16ul

static char *ownNext, *ownEnd;

static void make_own_room(void) {
  if (ownNext) return;
  ownNext = map_own(OWN_BYTES);
  ownEnd = ownNext + OWN_BYTES;
}

/*      0       8      16
 *      ├───────┼───────┼──────────
 *      │ bytes │       │ block …
 */
void *malloc(size_t bytes) {
  if (isLayerAtWork) return malloc_below(bytes);
  make_own_room();
  u64 *block = (u64 *)ownNext;
  u64 whole = OWN_ALIGN + ((bytes + OWN_ALIGN - 1) & ~(OWN_ALIGN - 1));
  if (bytes > OWN_BYTES || whole > (u64)(ownEnd - ownNext)) die("oracle: out of memory\n");
  ownNext += whole;
  *block = bytes;
  return (char *)block + OWN_ALIGN;
}

void *calloc(size_t count, size_t bytes) {
  return isLayerAtWork ? calloc_below(count, bytes) : malloc(count * bytes);
}

void *realloc(void *old, size_t bytes) {
  if (isLayerAtWork) return realloc_below(old, bytes);
  void *block = malloc(bytes);
  if (!old) return block;
  u64 had = *(u64 *)((char *)old - OWN_ALIGN);
  return memcpy(block, old, had < bytes ? had : bytes);
}

void free(void *block) {
  if (isLayerAtWork) free_below(block);
}
