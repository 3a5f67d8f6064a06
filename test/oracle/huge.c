/*
 * Runs a script about huge pages on the real Linux kernel, for test/machine/huge.ts. Reads it from the standard input, and
 * answers a line each:
 *
 *   VERB AREA FIRST COUNT ARGUMENT     areas are 0 to 7; pages count from the area's start
 *
 *   map                maps COUNT pages, FIRST pages above a multiple of 2 MiB, with nothing next to them. 0
 *   read, write        a byte of each page. Minor faults
 *   advise             ARGUMENT: the number of the advice. 0 or -1
 *   protect            ARGUMENT: 0 none, 1 read, 3 read and write. 0 or -1
 *   unmap              0
 *   move               mremap to ARGUMENT pages above a multiple of 2 MiB, and one page more. 0
 *   show               runs of pages: . is absent, z a zero page, a a frame, A one of a huge frame; KiB of all areas that are mapped as huge
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGE 4096UL
#define HUGE (512 * PAGE)
#define AREAS 8
#define MOST 4096
#define PRESENT (1UL << 63)
#define FRAME(entry) ((entry) & ((1UL << 55) - 1))
#define IN_HUGE (1UL << 22)
#define ZERO_PAGE (1UL << 24)

typedef unsigned long word;

static char *areas[AREAS];
static word pages[AREAS];
static word entries[MOST];

#include "touch.h"

/* Room for pages between two that nothing may use. */
static char *room(word offset, word count) {
  word bytes = (count + offset + 2) * PAGE + 2 * HUGE;
  char *all = mmap(0, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) exit(2);
  return (char *)(((word)all + HUGE) / HUGE * HUGE + offset * PAGE);
}

static long faults(void) {
  struct rusage now;
  getrusage(RUSAGE_SELF, &now);
  return now.ru_minflt;
}

static long count_faults(char *at, word count, int writes) {
  long before;
  sink = 0;
  faults();
  before = faults();
  touch(at, count, writes);
  return faults() - before;
}

static char kind(int flags, word entry) {
  word its;
  if (!(entry & PRESENT)) return '.';
  if (pread(flags, &its, 8, FRAME(entry) * 8) != 8) exit(3);
  if (its & ZERO_PAGE) return 'z';
  return its & IN_HUGE ? 'A' : 'a';
}

/* What smaps says of the mappings in [from, to). */
static word huge_kib(word from, word to) {
  FILE *file = fopen("/proc/self/smaps", "r");
  static char text[512];
  word start, end, kib, sum = 0;
  int ours = 0;
  if (!file) exit(4);
  while (fgets(text, sizeof text, file)) {
    if (sscanf(text, "%lx-%lx ", &start, &end) == 2) ours = start < to && from < end;
    if (ours && sscanf(text, "AnonHugePages: %lu", &kib) == 1) sum += kib;
  }
  fclose(file);
  return sum;
}

static void show(char *at, word count) {
  int map = open("/proc/self/pagemap", O_RDONLY), flags = open("/proc/kpageflags", O_RDONLY);
  word run = 0, kib = 0;
  char last = 0;
  if (map < 0 || flags < 0 || pread(map, entries, count * 8, (word)at / PAGE * 8) != (ssize_t)(count * 8)) exit(3);
  for (word i = 0; i <= count; i++) {
    char next = i < count ? kind(flags, entries[i]) : 0;
    if (run && next != last) printf("%lux%c ", run, last), run = 0;
    last = next;
    run++;
  }
  close(map);
  close(flags);
  for (int i = 0; i < AREAS; i++)
    if (areas[i]) kib += huge_kib((word)areas[i], (word)areas[i] + pages[i] * PAGE);
  printf("%lu\n", kib);
}

static void run(const char *line) {
  static const int PROTECTION[] = {PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE};
  char verb[16], *at;
  int area, argument = 0;
  word first, count;
  if (sscanf(line, "%15s %d %lu %lu %d", verb, &area, &first, &count, &argument) < 4) exit(5);
  at = areas[area] + first * PAGE;
  if (!strcmp(verb, "map")) {
    areas[area] = room(first, count);
    pages[area] = count;
    printf("%d\n", mprotect(areas[area], count * PAGE, PROT_READ | PROT_WRITE));
  } else if (!strcmp(verb, "read") || !strcmp(verb, "write")) printf("%ld\n", count_faults(at, count, *verb == 'w'));
  else if (!strcmp(verb, "advise")) printf("%d\n", madvise(at, count * PAGE, argument));
  else if (!strcmp(verb, "protect")) printf("%d\n", mprotect(at, count * PAGE, PROTECTION[argument]));
  else if (!strcmp(verb, "unmap")) printf("%d\n", munmap(at, count * PAGE));
  else if (!strcmp(verb, "move")) {
    char *to = room(argument, count + 1);
    areas[area] = mremap(at, count * PAGE, (count + 1) * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    pages[area] = count + 1;
    printf("%d\n", areas[area] == to ? 0 : -1);
  } else if (!strcmp(verb, "show")) show(at, count);
  else exit(6);
}

int main(void) {
  static char script[1 << 20], out[1 << 20];
  ssize_t have = 0, got;
  setvbuf(stdout, out, _IOFBF, sizeof out);
  while ((got = read(0, script + have, sizeof script - 1 - have)) > 0) have += got;
  /* What the program itself needs is touched first, so that it does not count. */
  touch((char *)entries, MOST * 8 / PAGE, 1);
  printf("ready\n");
  for (char *line = strtok(script, "\n"); line; line = strtok(0, "\n")) run(line);
  return 0;
}
