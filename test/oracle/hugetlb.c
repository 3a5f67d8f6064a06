/*
 * Runs a script on the real glibc, for test/glibc/hugetlb.test.ts. Reads it from the standard input, and answers a line each:
 *
 *   malloc SLOT BYTES, realloc SLOT BYTES, free SLOT 0, trim 0 PAD
 *   touch SLOT BYTES      writes a byte of each page, of the block's first BYTES
 *
 * The answer: minor faults; the break, from where the heap starts; bytes of all that is mapped as huge. The heap starts, and
 * mappings begin, as far from a multiple of 2 MiB as those of the simulated kernel.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGE 4096UL
#define HUGE (512 * PAGE)
#define HEAP 0x160000UL
#define TOP 0x1f0000UL

typedef unsigned long word;

static char script[1 << 16], out[1 << 16], smaps[1 << 18];
static char *slots[64];
static char *start;

static long faults(void) {
  struct rusage now;
  getrusage(RUSAGE_SELF, &now);
  return now.ru_minflt;
}

static word huge_bytes(void) {
  int file = open("/proc/self/smaps", O_RDONLY);
  ssize_t have = 0, got;
  word kib, sum = 0;
  while ((got = read(file, smaps + have, sizeof smaps - 1 - have)) > 0) have += got;
  smaps[have] = 0;
  close(file);
  for (char *at = smaps; (at = strstr(at, "AnonHugePages:")); at++)
    if (sscanf(at, "AnonHugePages: %lu", &kib) == 1) sum += kib;
  return sum * 1024;
}

static void run(const char *line) {
  char verb[16];
  int slot;
  word bytes;
  long before;
  if (sscanf(line, "%15s %d %lu", verb, &slot, &bytes) != 3) exit(2);
  before = faults();
  if (!strcmp(verb, "malloc")) slots[slot] = malloc(bytes);
  else if (!strcmp(verb, "realloc")) slots[slot] = realloc(slots[slot], bytes);
  else if (!strcmp(verb, "free")) free(slots[slot]);
  else if (!strcmp(verb, "trim")) malloc_trim(bytes);
  else for (word i = 0; i < bytes; i += PAGE) *(volatile char *)(slots[slot] + i) = 1;
  before = faults() - before;
  printf("%ld %ld %lu\n", before, (long)((char *)sbrk(0) - start), huge_bytes());
}

int main(void) {
  ssize_t have = 0, got;
  char *line, *next, *top;
  setvbuf(stdout, out, _IOFBF, sizeof out);
  while ((got = read(0, script + have, sizeof script - 1 - have)) > 0) have += got;
  memset(smaps, 1, sizeof smaps);
  huge_bytes();
  printf("ready\n");
  /* What functions need when they are first called does not count. */
  sbrk(0), faults(), huge_bytes();
  start = sbrk(0);
  sbrk((HEAP + HUGE - (word)start % HUGE) % HUGE);
  start = sbrk(0);
  top = mmap(0, 4 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(top, 4 * HUGE);
  /* The next mapping ends where this one starts. */
  top = mmap(0, 4 * HUGE + 5 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if ((word)top % HUGE != TOP) mmap(0, HUGE + ((word)top - TOP) % HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (line = script; *line; line = next) {
    next = strchr(line, '\n');
    *next++ = 0;
    run(line);
  }
  return 0;
}
