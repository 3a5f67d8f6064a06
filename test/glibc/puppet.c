/*
 * The system's malloc on strings: reads one command a line from standard input, does it, and writes one number a line
 * to standard output. What glibc has to say goes to standard error. Nothing here allocates by itself.
 *
 *      m BYTES   c COUNT BYTES   a ALIGN BYTES   r POINTER BYTES   f POINTER   u POINTER   t PAD
 *      l ADDRESS                 s ADDRESS VALUE      8 bytes
 *      k BYTES                   keeps the break from moving further than so many bytes
 *      n                         has the kernel keep as many areas as it will
 *      i FIELD                   a field of mallinfo2, by its place
 *      S                         malloc_stats
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t u64;

static char line[256];

/* Reads a line. Returns 0 at the end of input. */
static int read_line(void) {
  unsigned at = 0;
  while (at < sizeof line - 1 && read(0, line + at, 1) == 1)
    if (line[at++] == '\n') return line[at] = 0, 1;
  return 0;
}

static void answer(u64 value) {
  char text[24], *at = text + sizeof text;
  *--at = '\n';
  do *--at = '0' + value % 10;
  while (value /= 10);
  if (write(1, at, text + sizeof text - at) < 0) _exit(1);
}

static u64 mallinfo_field(u64 field) {
  struct mallinfo2 info = mallinfo2();
  return ((const size_t *)&info)[field];
}

/* A page in the way of the break, one further up: the kernel keeps that free. Returns whether it could be put there. */
static u64 stop_break(u64 bytes) {
  char *at = (char *)sbrk(0) + bytes + 4096;
  return mmap(at, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at;
}

/* Where no mapping touches what malloc maps. */
#define COMB ((char *)0x100000000000)

/* Cuts a mapping in two, again and again, until the kernel refuses. Returns how often it did not. */
static u64 fill_areas(void) {
  u64 bytes = 1ul << 40, cuts = 0;
  if (mmap(COMB, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != COMB)
    return 0;
  for (char *at = COMB + 4096; at < COMB + bytes && munmap(at, 4096) == 0; at += 8192) cuts++;
  return cuts;
}

static u64 obey(char command, u64 one, u64 two) {
  void *pointer = (void *)one;
  switch (command) {
    case 'm': return (u64)malloc(one);
    case 'c': return (u64)calloc(one, two);
    case 'a': return (u64)memalign(one, two);
    case 'r': return (u64)realloc(pointer, two);
    case 'f': free(pointer); break;
    case 'u': return malloc_usable_size(pointer);
    case 't': return malloc_trim(one);
    case 'l': return *(volatile u64 *)pointer;
    case 's': *(volatile u64 *)pointer = two; break;
    case 'k': return stop_break(one);
    case 'n': return fill_areas();
    case 'i': return mallinfo_field(one);
    case 'S': malloc_stats(); break;
  }
  return 0;
}

int main(void) {
  while (read_line()) {
    char *at = line + 1;
    u64 one = strtoull(at, &at, 10);
    u64 two = strtoull(at, &at, 10);
    answer(obey(line[0], one, two));
  }
  return 0;
}
