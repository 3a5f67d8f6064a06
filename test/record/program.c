/* A program that uses its allocator inside, in every way there is. It stores no zeroes of its own, so that all that are
 * stored are the allocator's. With MAIN it is a command. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef MAIN
#include <stdio.h>
#endif

#define SLOTS 64
#define HASH_STEP 16777619u

static uint32_t state = 1, hash = 1, addresses = 1;
static unsigned char *blocks[SLOTS];
static uint32_t sizes[SLOTS];

/* Calls through the table. */
static void (*volatile release)(void *) = free;

static uint32_t next(void) {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

static void see(uint32_t value) { hash = ((hash ^ value) * HASH_STEP) | 1; }

static void seeAddress(void *block) { addresses = ((addresses ^ (uint32_t)(uintptr_t)block) * HASH_STEP) | 1; }

/* Clears by memory.fill, as the C library's calloc may not; without asm the compiler would call that. */
__attribute__((noinline)) void *zalloc(size_t count, size_t size) {
  unsigned char *block = malloc(count * size);
  __asm__("" : "+r"(block));
  if (block) __builtin_memset(block, 0, count * size);
  return block;
}

static void *take(uint32_t kind, uint32_t bytes) {
  void *block;
  if (kind == 1) return zalloc(1 + bytes / 16, 16);
  if (kind == 2) return aligned_alloc(64, (bytes + 63) & ~63u);
  if (kind == 3) return posix_memalign(&block, 256, (bytes + 255) & ~255u) ? NULL : block;
  return malloc(bytes);
}

static void begin(uint32_t slot) {
  uint32_t bytes = 1 + next() % (next() % 16 ? 400 : 40000);
  blocks[slot] = take(next() % 5, bytes);
  sizes[slot] = bytes;
  seeAddress(blocks[slot]);
}

static void use(uint32_t slot) {
  uint32_t bytes = sizes[slot], from = next() % bytes, length = 1 + next() % (bytes - from);
  unsigned char *block = blocks[slot];
  switch (next() % 4) {
    case 1: memset(block + from, 0x5a, length); break;
    case 2: memcpy(block, block + bytes - length / 2, length / 2); break;
    case 3: block[from] = (unsigned char)(block[from] | 1); break;
    default: for (uint32_t i = from; i < from + length; i += 7) block[i] = (unsigned char)(i | 1);
  }
  see(block[from]);
}

static void resize(uint32_t slot) {
  uint32_t bytes = 1 + next() % 3000;
  blocks[slot] = realloc(blocks[slot], bytes);
  sizes[slot] = bytes;
  seeAddress(blocks[slot]);
}

__attribute__((export_name("run"))) uint32_t run(uint32_t seed, uint32_t steps) {
  state = seed | 1;
  for (uint32_t step = 1; step <= steps; step++) {
    uint32_t slot = next() % SLOTS, what = next() % 8;
    if (!sizes[slot]) begin(slot);
    else if (what == 1) resize(slot);
    else if (what <= 3) { release(blocks[slot]); sizes[slot] = 0; }
    else use(slot);
  }
  return hash;
}

__attribute__((export_name("sum"))) uint32_t sum(void) { return addresses; }

#ifdef MAIN
int main(int count, char **arguments) {
  if (count > 1 && !strcmp(arguments[1], "forever")) for (;;) run(next(), 1000);
  if (count > 1 && !strcmp(arguments[1], "trap")) { run(7, 100); __builtin_trap(); }
  if (count > 1 && !strcmp(arguments[1], "read")) {
    char line[80];
    FILE *file = fopen(arguments[2], "r");
    printf("%s of %s", file && fgets(line, sizeof line, file) ? line : "nothing\n", getenv("OF"));
    return 0;
  }
  printf("%s %u\n", count > 1 ? arguments[1] : "none", run(7, 4000));
  return count > 2 ? atoi(arguments[2]) : 0;
}
#endif
