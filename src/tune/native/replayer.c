/*
 * Replays a trace on the malloc of its process: the C library's, or one that is preloaded.
 *
 *      replayer JOB        JOB    u64 records, slots, touch, every; then the records (assembly/shared/records.ts)
 *
 * and prints, in lines of a word and numbers,
 *
 *      glibc VERSION
 *      faults N            minor faults of the operations
 *      nanoseconds N       CPU time of the operations
 *      failed N            allocations that failed
 *      resident OP PAGES   pages that malloc got and the process owns, after so many operations
 *
 * The run must not itself use what it measures. Until the first operation nothing here allocates, and every page of the program, its
 * libraries and its stack is touched. What is resident then is taken off. If `every` is 0, nothing is looked at between the operations.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define ENTRIES 4096
#define MOST_SAMPLES 4096
#define STACK_BYTES (256 * 1024)

typedef uint64_t u64;

enum { MALLOC, CALLOC, ALIGNED, REALLOC, FREE, WRITE, READ, THREAD, EXIT, TRIM };
enum { TOUCH_NONE, TOUCH_FIRST, TOUCH_PAGES, TOUCH_OBJECT };

struct record {
  uint32_t kind, slot;
  u64 first, second;
};

struct job {
  u64 count, slots, touch, every;
  struct record records[];
};

static char maps[1 << 20];
static u64 entries[ENTRIES];
static struct { u64 operation, pages; } samples[MOST_SAMPLES];
static u64 sampled, failed;
static int pagemap;
static char **held;

static void die(const char *what) {
  ssize_t done = write(2, what, strlen(what));
  (void)done;
  _exit(1);
}

static void *room(u64 bytes) {
  void *at = mmap(0, bytes + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (at == MAP_FAILED) die("replayer: no memory\n");
  return at;
}

/* ---- What is mapped ---- */

struct area {
  char *from, *to;
  int readable, writable, named;
};

static void read_maps(void) {
  int file = open("/proc/self/maps", O_RDONLY);
  u64 length = 0;
  for (ssize_t got; (got = read(file, maps + length, sizeof maps - 1 - length)) > 0;) length += got;
  close(file);
  if (length == sizeof maps - 1) die("replayer: too many areas of memory\n");
  maps[length] = 0;
}

/* The area of a line, and the next line; 0 at the end. `named`: by the file, or as the kernel calls it. */
static const char *next_area(const char *line, struct area *area) {
  if (!line || !*line) return 0;
  char *at;
  area->from = (char *)strtoul(line, &at, 16);
  area->to = (char *)strtoul(at + 1, &at, 16);
  area->readable = at[1] == 'r';
  area->writable = at[2] == 'w';
  const char *end = strchr(at, '\n');
  const char *name = memchr(at, '/', end - at);
  const char *bracket = memchr(at, '[', end - at);
  area->named = name ? '/' : bracket ? bracket[1] : 0;
  return end + 1;
}

static void touch_range(volatile char *from, volatile char *to, int writes) {
  for (; from < to; from += PAGE) {
    char byte = *from;
    if (writes) *from = byte;
  }
}

/* The program, its libraries with what they have after their files (.bss), and its stack. Not what malloc got before main. */
static void touch_program(void) {
  volatile char stack[STACK_BYTES];
  for (u64 i = 0; i < sizeof stack; i += PAGE) stack[i] = 0;
  read_maps();
  struct area area, before = {0};
  for (const char *line = maps; (line = next_area(line, &area));) {
    int continues = !area.named && before.named == '/' && before.to == area.from;
    if (area.readable && (area.named == '/' || continues)) touch_range(area.from, area.to, area.writable);
    before = area;
  }
}

/* Frames owned in all private memory that is no file's. A page of the shared zero page is not mapped exclusively (bit 56). */
static u64 resident(void) {
  u64 count = 0;
  struct area area;
  read_maps();
  for (const char *line = maps; (line = next_area(line, &area));) {
    if (!area.writable || area.named == '/' || area.named == 's') continue;
    for (char *from = area.from; from < area.to; from += ENTRIES * PAGE) {
      u64 pages = (area.to - from) / PAGE;
      if (pages > ENTRIES) pages = ENTRIES;
      if (pread(pagemap, entries, pages * 8, (u64)from / PAGE * 8) != (ssize_t)(pages * 8))
        die("replayer: cannot read /proc/self/pagemap\n");
      for (u64 i = 0; i < pages; i++) count += (entries[i] >> 63) & (entries[i] >> 56) & 1;
    }
  }
  return count;
}

/* ---- The operations ---- */

static void touch_pages(volatile char *from, u64 bytes, int writes) {
  for (volatile char *at = from; at < from + bytes; at = (volatile char *)(((u64)at & -PAGE) + PAGE)) {
    if (writes) *at = 1;
    else (void)*at;
  }
}

static void touch_object(char *pointer, u64 bytes, u64 policy) {
  if (policy == TOUCH_OBJECT) memset(pointer, 1, bytes);
  else if (policy == TOUCH_PAGES) touch_pages(pointer, bytes, 1);
  else if (policy == TOUCH_FIRST && bytes) *(volatile char *)pointer = 1;
}

static void allocate(const struct record *record, u64 touch) {
  u64 bytes = record->second;
  char *pointer;
  switch (record->kind) {
    case MALLOC: pointer = malloc(bytes = record->first); break;
    case CALLOC: pointer = calloc(record->first, bytes), bytes *= record->first; break;
    case ALIGNED: pointer = memalign(record->first, bytes); break;
    default: pointer = realloc(held[record->slot], bytes);
  }
  if (!pointer && bytes) failed++;
  if (!pointer && record->kind == REALLOC && bytes) return;
  held[record->slot] = pointer;
  if (pointer) touch_object(pointer, bytes, touch);
}

static void perform(const struct record *record, u64 touch) {
  if (record->kind <= REALLOC) {
    allocate(record, touch);
    return;
  }
  char *pointer = held[record->slot];
  switch (record->kind) {
    case FREE: held[record->slot] = 0; free(pointer); break;
    case WRITE: if (pointer) memset(pointer + record->first, 1, record->second); break;
    case READ: if (pointer) touch_pages(pointer + record->first, record->second, 0); break;
    case TRIM: malloc_trim(record->first); break;
  }
}

static u64 faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

static u64 now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1000000000ul + time.tv_nsec;
}

static void sample(u64 operation, u64 before) {
  if (sampled == MOST_SAMPLES) die("replayer: too many samples\n");
  samples[sampled].operation = operation;
  samples[sampled++].pages = resident() - before;
}

int main(int count, char **words) {
  if (count != 2) die("replayer: name a job\n");
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  int file = open(words[1], O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status)) die("replayer: cannot read the job\n");
  const struct job *job = mmap(0, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (job == MAP_FAILED) die("replayer: cannot map the job\n");
  pagemap = open("/proc/self/pagemap", O_RDONLY);
  held = room(job->slots * sizeof *held);
  touch_program();
  u64 before = resident();
  u64 every = job->every, touch = job->touch;
  u64 looked = 0, start = now(), first = faults();
  for (u64 i = 0; i < job->count; i++) {
    perform(&job->records[i], touch);
    if (every && (i + 1) % every == 0) {
      u64 since = faults();
      sample(i + 1, before);
      looked += faults() - since;
    }
  }
  u64 faulted = faults() - first - looked, took = now() - start;
  if (every && job->count % every) sample(job->count, before);
  printf("glibc %s\nfaults %lu\nnanoseconds %lu\nfailed %lu\n", gnu_get_libc_version(), faulted, took, failed);
  for (u64 i = 0; i < sampled; i++) printf("resident %lu %lu\n", samples[i].operation, samples[i].pages);
  return 0;
}
