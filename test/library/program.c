/* A program that uses the C library's memory in every way. What it prints is the same on every allocator. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef SBRK
#include <unistd.h>
#endif
#ifdef ZEROPAGE
#include "zeropage.h"
#endif

extern unsigned char __heap_base;

static char *early;
/* So that free memory begins farther up. */
static char statics[1 << 20] = "statics";

__attribute__((constructor)) static void start(void) { early = strdup("allocated by a constructor"); }

static uint32_t state = 2463534242u;

/* Marsaglia's xorshift. */
static uint32_t next(void) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

enum { SLOTS = 1000, OPERATIONS = 200000 };
static struct { unsigned char *block; size_t size; unsigned char mark; } slots[SLOTS];

static void fail(const char *what) {
  printf("wrong: %s\n", what);
  exit(1);
}

static void check(int i) {
  for (size_t at = 0; at < slots[i].size; at += 1 + at / 4)
    if (slots[i].block[at] != slots[i].mark) fail("a block was written to");
}

static void check_zero(const unsigned char *block, size_t size) {
  for (size_t at = 0; at < size; at++) if (block[at]) fail("calloc's block is not zero");
}

static size_t random_size(void) { return next() % 100 == 0 ? next() % 300000 : next() % 600; }

/* Somebody else takes memory now and then. */
static void be_another(int operation) {
#ifdef SBRK
  static unsigned char *last;
  if (operation % 5000) return;
  unsigned char *mine = sbrk(30000);
  if (mine == (void *)-1) fail("sbrk");
  if (last) for (int i = 0; i < 30000; i++) if (last[i] != 0xaa) fail("what sbrk gave was written to");
  memset(last = mine, 0xaa, 30000);
#else
  static size_t last;
  if (operation % 50000) return;
  if (last) for (int i = 0; i < 65536; i++) if (((unsigned char *)(last * 65536))[i] != 0xaa) fail("a page was written to");
  last = __builtin_wasm_memory_grow(0, 1);
  memset((void *)(last * 65536), 0xaa, 65536);
#endif
}

static void operate(int operation) {
  int i = next() % SLOTS;
  check(i);
  size_t size = random_size();
  switch (next() % 4) {
  case 0:
    free(slots[i].block);
    slots[i].block = NULL;
    size = 0;
    break;
  case 1:
    slots[i].block = realloc(slots[i].block, size);
    for (size_t at = 0; at < slots[i].size && at < size; at++)
      if (slots[i].block[at] != slots[i].mark) fail("realloc lost something");
    break;
  case 2:
    free(slots[i].block);
    check_zero(slots[i].block = calloc(size, 1), size);
    break;
  default:
    free(slots[i].block);
    size_t align = 1 << (2 + next() % 12);
    void *block;
    if (posix_memalign(&block, align, size) || (uintptr_t)block % align) fail("posix_memalign");
    slots[i].block = block;
  }
  if (slots[i].block && (uintptr_t)slots[i].block % 8) fail("not aligned");
  if (slots[i].block && (unsigned char *)slots[i].block < &__heap_base) fail("below __heap_base");
  slots[i].size = size;
  slots[i].mark = operation;
  if (size) memset(slots[i].block, slots[i].mark, size);
  be_another(operation);
}

static int compare(const void *one, const void *other) {
  return strcmp(*(char *const *)one, *(char *const *)other);
}

/* More pointers than qsort or printf could hold on the stack. */
static void sort_words(void) {
  char **words = NULL;
  for (int i = 0; i < 20000; i++) {
    words = realloc(words, (i + 1) * sizeof *words);
    char word[16];
    snprintf(word, sizeof word, "%x", (unsigned)next());
    words[i] = strdup(word);
  }
  qsort(words, 20000, sizeof *words, compare);
  printf("%s ... %s\n", words[0], words[19999]);
  for (int i = 0; i < 20000; i++) free(words[i]);
  free(words);
}

/* Our own functions, where they are. */
static void check_statistics(void) {
#ifdef ZEROPAGE
  const struct zeropage_statistics *found = zeropage_statistics();
  const uint32_t *figures = &found->slots;
  uint32_t sum = 0;
  for (int i = 0; i < 9; i++) sum += figures[i];
  if (sum != found->system || !found->slots) fail("statistics");
  zeropage_trim();
  uint32_t zero_before = found->zero;
  zeropage_scrub();
  if (zeropage_statistics()->zero < zero_before) fail("scrub");
  unsigned char *block = calloc(300000, 1);
  check_zero(block, 300000);
  free(block);
#endif
}

int main(void) {
  puts(early);
  free(early);
  for (int operation = 0; operation < OPERATIONS; operation++) operate(operation);
  check_statistics();
  for (int i = 0; i < SLOTS; i++) {
    check(i);
    free(slots[i].block);
  }
  sort_words();
  unsigned char *large = calloc(40, 1 << 20);
  check_zero(large, 40 << 20);
  memset(large, 1, 40 << 20);
  free(large);
  /* Compilers take a malloc that nobody looks into for one that succeeds. */
  void *volatile too_large = malloc(0xfffffff0u);
  void *volatile overflowing = calloc(1 << 16, 1 << 16);
  if (too_large || overflowing) fail("more memory than there is");
  printf("%s after growth\n", statics);
  return 0;
}
