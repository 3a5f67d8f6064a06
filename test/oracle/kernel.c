/*
 * Asks the real Linux kernel what test/machine/kernel.test.ts asks the simulated one: minor faults
 * and resident anonymous pages of each step. Prints "faults resident" a line. argv[1]: pages.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGE 4096UL

static long faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

/* Pages of the range that are resident and not the zero page: bit 63 present, bit 56 exclusively mapped. */
static long resident(char *start, size_t pages) {
  static unsigned long entries[1 << 16];
  int file = open("/proc/self/pagemap", O_RDONLY);
  long count = 0;
  if (file < 0 || pread(file, entries, pages * 8, (unsigned long)start / PAGE * 8) != (ssize_t)(pages * 8)) exit(2);
  close(file);
  for (size_t i = 0; i < pages; i++) count += (entries[i] >> 63) & (entries[i] >> 56) & 1;
  return count;
}

static volatile char sink;

static void read_each(char *start, size_t pages) {
  for (size_t i = 0; i < pages; i++) sink = start[i * PAGE];
}

static void write_each(char *start, size_t pages) {
  for (size_t i = 0; i < pages; i++) start[i * PAGE] = 1;
}

#define STEP(start, pages, code) do { \
    long before = faults(); code; long after = faults(); \
    out[steps][0] = after - before; out[steps][1] = resident(start, pages); steps++; \
  } while (0)

int main(int argc, char **argv) {
  static long out[32][2];
  int steps = 0;
  size_t n = argc > 1 ? strtoul(argv[1], 0, 10) : 1000;
  char *p, *q, *heap;
  resident((char *)out, 1); /* touches what it needs */
  faults();
  p = mmap(0, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  STEP(p, n, (void)0);
  STEP(p, n, read_each(p, n));
  STEP(p, n, read_each(p, n));
  STEP(p, n, write_each(p, n));
  STEP(p, n, write_each(p, n));
  STEP(p, n, madvise(p, n / 2 * PAGE, MADV_DONTNEED));
  STEP(p, n, write_each(p, n / 4));
  STEP(p, n, read_each(p, n));
  STEP(p, n, madvise(p, n * PAGE, MADV_FREE));
  STEP(p, n, write_each(p, n));
  STEP(p, n, munmap(p + n / 4 * PAGE, n / 4 * PAGE));
  STEP(p, n, (void)mmap(p + n / 4 * PAGE, n / 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
  STEP(p, n, write_each(p, n));
  q = mmap(0, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  STEP(q, n, write_each(q, n));
  STEP(q, 2 * n, q = mremap(q, n * PAGE, 2 * n * PAGE, MREMAP_MAYMOVE));
  STEP(q, 2 * n, write_each(q, 2 * n));
  STEP(q, n / 2, q = mremap(q, 2 * n * PAGE, n / 2 * PAGE, 0));
  heap = sbrk(0);
  heap += -(unsigned long)heap % PAGE;
  brk(heap);
  STEP(heap, n, brk(heap + n * PAGE));
  STEP(heap, n, write_each(heap, n));
  STEP(heap, n, (brk(heap), brk(heap + n * PAGE)));
  STEP(heap, n, read_each(heap, n));
  for (int i = 0; i < steps; i++) printf("%ld %ld\n", out[i][0], out[i][1]);
  return 0;
}
