/*
 * Asks the real Linux kernel where it puts mappings and what it refuses, for test/machine/placement.ts. Reads a script from the
 * standard input, and answers a line each:
 *
 *   brk ADDRESS            moves the heap's end there. 0 or -1
 *   map HINT BYTES PLACE   place: 0 anywhere, 3 reserved (PROT_NONE), 4 unbacked (MAP_NORESERVE), 5 low (MAP_32BIT). The address
 *                          if it is below 4 GiB; else 1, or 0 if it is refused
 *   low                    maps pieces of 1 MiB low until that fails. How many there were, and where the first is
 *   hints                  maps pieces of 1 MiB at hints, one every 16 MiB below 2 GiB. How many are where they should be
 *   limit WHICH BYTES      sets a limit: 0 RLIMIT_AS, 1 RLIMIT_DATA. 0
 *   protect P              of what was mapped last: 0 none, 1 read, 2 read and write. 0 or -1
 *   unmap                  what was mapped last. 0 or -1
 *   heap                   1 if the heap is below 4 GiB
 *   up                     1 if of two mappings the later is above
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB (1UL << 20)
#define GIB (1UL << 30)

typedef unsigned long word;

static word last, last_bytes;

static word map(word hint, word bytes, int place) {
  int protection = place == 3 ? PROT_NONE : PROT_READ | PROT_WRITE;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | (place == 4 ? MAP_NORESERVE : 0) | (place == 5 ? MAP_32BIT : 0);
  void *at = mmap((void *)hint, bytes, protection, flags, -1, 0);
  if (at == MAP_FAILED) return 0;
  last = (word)at;
  last_bytes = bytes;
  return last;
}

static void low(void) {
  word count = 0, first = 0, at;
  while ((at = map(0, MIB, 5))) {
    if (!count++) first = at;
  }
  printf("%lu %lu\n", count, first);
}

static word hints(void) {
  word count = 0;
  for (word i = 0; i < 128; i++) {
    word hint = 16 * i * MIB + 65536;
    count += map(hint, MIB, 0) == hint;
  }
  return count;
}

static int limit(int which, word bytes) {
  struct rlimit to = {bytes, bytes};
  return setrlimit(which ? RLIMIT_DATA : RLIMIT_AS, &to);
}

static void run(const char *line) {
  static const int PROTECTION[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
  char verb[16];
  word a = 0, b = 0, c = 0, at;
  sscanf(line, "%15s %lu %lu %lu", verb, &a, &b, &c);
  if (!strcmp(verb, "brk")) printf("%d\n", (word)syscall(SYS_brk, a) == a ? 0 : -1);
  else if (!strcmp(verb, "map")) at = map(a, b, c), printf("%lu\n", at < 4 * GIB ? at : 1);
  else if (!strcmp(verb, "low")) low();
  else if (!strcmp(verb, "hints")) printf("%lu\n", hints());
  else if (!strcmp(verb, "limit")) printf("%d\n", limit(a, b));
  else if (!strcmp(verb, "protect")) printf("%d\n", mprotect((void *)last, last_bytes, PROTECTION[a]));
  else if (!strcmp(verb, "unmap")) printf("%d\n", munmap((void *)last, last_bytes));
  else if (!strcmp(verb, "heap")) printf("%d\n", (word)syscall(SYS_brk, 0) < 4 * GIB);
  else if (!strcmp(verb, "up")) at = map(0, 4096, 0), printf("%d\n", map(0, 8192, 0) > at);
}

int main(void) {
  static char script[1 << 16], out[1 << 16];
  if (read(0, script, sizeof script - 1) < 0) return 1;
  setvbuf(stdout, out, _IOFBF, sizeof out);
  for (char *line = strtok(script, "\n"); line; line = strtok(0, "\n")) run(line);
  return 0;
}
