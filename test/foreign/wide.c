/*
 * A small allocator whose blocks look the same with addresses of 32 and of 64 bits: its headers hold offsets, not pointers.
 *
 *      ├ bytes ┼ next free ┼ 0 ┼ 0 ┼ the object …          a header is 16 bytes, and so are all multiples
 *
 * Free blocks are in a list in the order of their addresses. First fit; neighbours that are free become one.
 */
#define EXPORT(name) __attribute__((export_name(#name)))

typedef __SIZE_TYPE__ size_t;
typedef unsigned u32;
typedef unsigned long long u64;

struct header {
  u32 bytes, next, unused[2];
};

/* Bytes of a block, so that no sum exceeds 32 bits. */
#define MOST 0xffffff00

enum { HEADER = sizeof(struct header), PAGE = 65536, INVALID = 22, NO_MEMORY = 12 };

extern unsigned char __heap_base;
static u32 end, list;

static struct header *at(u32 offset) { return (struct header *)(size_t)offset; }
static u32 offset_of(const void *pointer) { return (u32)(size_t)pointer - HEADER; }
static void *object(u32 offset) { return (void *)((size_t)offset + HEADER); }

/* Returns a block at the end of the heap, or 0. */
static u32 extend(u32 bytes) {
  if (!end) end = ((u32)(size_t)&__heap_base + 15) & ~15u;
  size_t wanted = (size_t)end + bytes, have = __builtin_wasm_memory_size(0) * PAGE;
  if (wanted < end) return 0;
  if (wanted > have && __builtin_wasm_memory_grow(0, (wanted - have + PAGE - 1) / PAGE) == (size_t)-1) return 0;
  u32 block = end;
  end += bytes;
  at(block)->bytes = bytes;
  return block;
}

/* Leaves of a block the first `bytes`, and makes the rest one of its own, which it returns; 0 if there is too little. */
static u32 split(u32 block, u32 bytes) {
  u32 rest = at(block)->bytes - bytes;
  if (rest < 2 * HEADER) return 0;
  at(block)->bytes = bytes;
  at(block + bytes)->bytes = rest;
  return block + bytes;
}

EXPORT(malloc) void *malloc(size_t size) {
  if (size > MOST) return 0;
  u32 bytes = (((u32)size + 15) & ~15u) + HEADER;
  for (u32 *link = &list; *link; link = &at(*link)->next) {
    u32 block = *link;
    if (at(block)->bytes < bytes) continue;
    u32 next = at(block)->next, rest = split(block, bytes);
    if (rest) at(rest)->next = next;
    *link = rest ? rest : next;
    return object(block);
  }
  u32 block = extend(bytes);
  return block ? object(block) : 0;
}

/* Makes a block and the one behind it, which is the next in the list, one, if they touch. */
static void join(u32 block) {
  u32 next = at(block)->next;
  if (!next || block + at(block)->bytes != next) return;
  at(block)->bytes += at(next)->bytes;
  at(block)->next = at(next)->next;
}

EXPORT(free) void free(void *pointer) {
  if (!pointer) return;
  u32 block = offset_of(pointer), before = 0, after = list;
  while (after && after < block) before = after, after = at(after)->next;
  at(block)->next = after;
  if (before) at(before)->next = block;
  else list = block;
  join(block);
  if (before) join(before);
}

EXPORT(calloc) void *calloc(size_t count, size_t size) {
  if (count > MOST || size > MOST || (u64)count * size > MOST) return 0;
  void *pointer = malloc(count * size);
  if (pointer) __builtin_memset(pointer, 0, count * size);
  return pointer;
}

EXPORT(malloc_usable_size) size_t malloc_usable_size(void *pointer) {
  return pointer ? at(offset_of(pointer))->bytes - HEADER : 0;
}

EXPORT(realloc) void *realloc(void *pointer, size_t size) {
  size_t usable = malloc_usable_size(pointer);
  if (pointer && size <= usable) return pointer;
  void *moved = malloc(size);
  if (!moved || !pointer) return moved;
  __builtin_memcpy(moved, pointer, usable);
  free(pointer);
  return moved;
}

EXPORT(posix_memalign) int posix_memalign(void **result, size_t align, size_t size) {
  if (align < sizeof(u32) || align & (align - 1)) return INVALID;
  if (size > 0x7fffffff || align > 0x10000000) return NO_MEMORY;
  char *whole = malloc(align > HEADER ? size + 2 * align : size);
  if (!whole) return NO_MEMORY;
  *result = whole;
  if (((size_t)whole & (align - 1)) == 0) return 0;
  size_t room = -(size_t)whole & (align - 1);
  if (room < 2 * HEADER) room += align;
  *result = object(split(offset_of(whole), (u32)room));
  free(whole);
  return 0;
}
