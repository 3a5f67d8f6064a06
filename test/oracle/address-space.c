/*
 * Makes system calls of a script on the real Linux kernel, for test/machine/address-space.ts. Reads it from the standard
 * input, one call a line, and answers one line each. Addresses are bytes below the place where the kernel puts mappings
 * next, which is as far into a GiB as argv[1]; from 2^46 on, bytes above the heap's start. Answers first how many areas
 * (VMAs) the program began with.
 *
 *   map HINT BYTES PLACE        place: 0 anywhere, 1 fixed, 2 exact; hint: 0 for none. Answers the address, or 0
 *   unmap ADDRESS BYTES         0 or -1
 *   remap ADDRESS OLD NEW MOVE  the address, or 0
 *   advise ADDRESS BYTES ADVICE advice: 0 dontneed, 1 free, 2 dontfork, 3 dofork, 4 wipeonfork, 5 keeponfork. 0 or -1
 *   brk BYTES                   moves the heap's end. 0 or -1
 *   read, write ADDRESS BYTES   a byte of each page
 *   comb ADDRESS PAGES          unmaps every other page, from the second on. Answers how many calls succeeded
 *   protect ADDRESS BYTES P     P: 0 none, 1 read, 2 read and write. 0 or -1
 *   fork                        what follows is a child's, while its parent waits. 0
 *   show                        the areas that the kernel keeps, as address:pages:resident, those about the heap first
 *   count                       how many areas there are, without those the program began with
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define GIB (1UL << 30)
/* Programs and heaps lie below, libraries, mappings and the stack above. */
#define MAPPINGS 0x700000000000UL
/* Addresses from here on are bytes above the heap's start. */
#define HEAPWARD (1UL << 46)
/* What is further below the top belongs to nobody here. */
#define REACH (1UL << 40)

typedef unsigned long word;

static char script[1 << 22], text[1 << 16];
static word top, heap, own;
static volatile char sink;

/* Calls back for each line of /proc/self/maps: [start, end) of an area. */
static void each_area(void (*seen)(word start, word end)) {
  int file = open("/proc/self/maps", O_RDONLY);
  size_t have = 0;
  ssize_t got;
  if (file < 0) exit(2);
  while ((got = read(file, text + have, sizeof text - 1 - have)) > 0) {
    char *line = text, *end;
    have += got;
    text[have] = 0;
    for (; (end = strchr(line, '\n')); line = end + 1) {
      word from, to;
      if (sscanf(line, "%lx-%lx", &from, &to) == 2 && !memmem(line, end - line, "[vsyscall]", 10)) seen(from, to);
    }
    have -= line - text;
    memmove(text, line, have);
  }
  close(file);
}

static word areas, lowest;

static void count_area(word start, word end) {
  (void)start, (void)end;
  areas++;
}

static word count(void) {
  areas = 0;
  each_area(count_area);
  return areas;
}

/* The lowest area above the heap, that is of those that the kernel chose the place of. */
static void lower(word start, word end) {
  (void)end;
  if (start > MAPPINGS && start < lowest) lowest = start;
}

/* Pages that are resident and not the zero page: bit 63 present, bit 56 exclusively mapped. */
static word resident(word start, word end) {
  static word entries[1 << 10];
  int file = open("/proc/self/pagemap", O_RDONLY);
  word pages = 0;
  if (file < 0) exit(2);
  while (start < end) {
    size_t n = (end - start) / PAGE < 1 << 10 ? (end - start) / PAGE : 1 << 10;
    if (pread(file, entries, n * 8, start / PAGE * 8) != (ssize_t)(n * 8)) exit(2);
    for (size_t i = 0; i < n; i++) pages += (entries[i] >> 63) & (entries[i] >> 56) & 1;
    start += n * PAGE;
  }
  close(file);
  return pages;
}

static word to_script(void *address) {
  word at = (word)address;
  if (address == MAP_FAILED) return 0;
  return at < MAPPINGS ? HEAPWARD + at - heap : top - at;
}

static word from_script(word address) {
  return address < HEAPWARD ? top - address : heap + (address - HEAPWARD);
}

static void show_area(word start, word end) {
  int near_heap = start >= heap && start < heap + GIB;
  if (!near_heap && (start < top - REACH || start >= top)) return;
  printf(" %lu:%lu:%lu", to_script((char *)start), (end - start) / PAGE, resident(start, end));
}

/* Nothing is free above the top but below what the program began with. */
static void find_top(word low_bits) {
  static char *piece;
  do {
    lowest = ~0UL;
    each_area(lower);
    piece = mmap(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  } while ((word)piece > lowest);
  top = (word)piece - ((word)piece - low_bits) % GIB;
  if (top != (word)piece &&
      mmap((void *)top, (word)piece - top, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != (void *)top)
    exit(3);
}

static void touch(word start, word bytes, int writes) {
  for (word at = start; at < start + bytes; at += PAGE) {
    if (writes) *(volatile char *)at = 1;
    else sink = *(volatile char *)at;
  }
}

static long comb(word start, word pages) {
  long done = 0;
  for (word i = 1; i < pages; i += 2) done += munmap((void *)(start + i * PAGE), PAGE) == 0;
  return done;
}

/* Returns in a child. The parent ends as it does. */
static void go_on_in_child(void) {
  int status;
  pid_t child;
  fflush(stdout);
  child = fork();
  if (child < 0) exit(5);
  if (!child) return;
  waitpid(child, &status, 0);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 6);
}

static void run(const char *line) {
  static const int PLACES[] = {0, MAP_FIXED, MAP_FIXED_NOREPLACE};
  static const int PROTECTION[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
  static const int ADVICE[] = {MADV_DONTNEED, MADV_FREE, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK};
  char verb[16];
  word a = 0, b = 0, c = 0, d = 0, at;
  if (sscanf(line, "%15s %lu %lu %lu %lu", verb, &a, &b, &c, &d) < 1) exit(4);
  at = from_script(a);
  if (!strcmp(verb, "map")) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | PLACES[c];
    printf("%lu\n", to_script(mmap(a ? (void *)at : 0, b, PROT_READ | PROT_WRITE, flags, -1, 0)));
  } else if (!strcmp(verb, "unmap")) printf("%d\n", munmap((void *)at, b));
  else if (!strcmp(verb, "remap")) printf("%lu\n", to_script(mremap((void *)at, b, c, d ? MREMAP_MAYMOVE : 0)));
  else if (!strcmp(verb, "advise")) printf("%d\n", madvise((void *)at, b, ADVICE[c]));
  else if (!strcmp(verb, "brk")) printf("%d\n", (word)syscall(SYS_brk, heap + a) == heap + a ? 0 : -1);
  else if (!strcmp(verb, "read") || !strcmp(verb, "write")) touch(at, b, *verb == 'w'), puts("0");
  else if (!strcmp(verb, "comb")) printf("%ld\n", comb(at, b));
  else if (!strcmp(verb, "protect")) printf("%d\n", mprotect((void *)at, b, PROTECTION[c]));
  else if (!strcmp(verb, "fork")) go_on_in_child(), puts("0");
  else if (!strcmp(verb, "show")) each_area(show_area), puts("");
  else if (!strcmp(verb, "count")) printf("%ld\n", (long)count() - (long)own);
  else exit(4);
}

int main(int argc, char **argv) {
  static char out[1 << 16];
  ssize_t bytes = 0, got;
  if (argc < 2) return 4;
  setvbuf(stdout, out, _IOFBF, sizeof out);
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  while ((got = read(0, script + bytes, sizeof script - 1 - bytes)) > 0) bytes += got;
  heap = (syscall(SYS_brk, 0) + PAGE - 1) & -PAGE;
  syscall(SYS_brk, heap);
  find_top(strtoul(argv[1], 0, 10));
  own = count();
  printf("%lu\n", own);
  for (char *line = strtok(script, "\n"); line; line = strtok(0, "\n")) run(line);
  return 0;
}
