/*
 * The verbs of files, for processes.c. Files are 0 to 7; MEMORY is an area times 4,096 plus a page of it.
 *
 *   create FILE 0 COUNT ARGUMENT     0: on disk, not cached; 1: of memory, all holes. 0
 *   warm FILE FIRST COUNT            has pages cached, each by itself. 0
 *   mapfile AREA FIRST COUNT FILE    maps pages privately; mapshared: shared. Where windows of 16 pages begin. 0
 *   pread FILE FIRST COUNT MEMORY    faults, and pages; pwrite likewise
 *   sendfile FILE FIRST COUNT        to nobody. Pages
 *   forget, sync FILE FIRST COUNT    0
 *   incore FILE 0 COUNT              runs of pages that are cached or not: 4x1 12x0
 *   sets                             KiB of all areas: anonymous, and of files
 *   window FILE                      pages that are read ahead at most
 */
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define FILES 8
#define WINDOW 16

static int files[FILES];

static void create(int file, word count, int is_memory) {
  static char page[PAGE];
  char name[] = "zeropage-file-XXXXXX";
  files[file] = is_memory ? memfd_create("zeropage", 0) : mkstemp(name);
  if (files[file] < 0) _exit(20);
  if (is_memory) {
    if (ftruncate(files[file], count * PAGE)) _exit(21);
    return;
  }
  unlink(name);
  memset(page, 7, sizeof page);
  for (word i = 0; i < count; i++)
    if (pwrite(files[file], page, PAGE, i * PAGE) != PAGE) _exit(22);
  fsync(files[file]);
  posix_fadvise(files[file], 0, 0, POSIX_FADV_DONTNEED);
}

static void warm(int file, word first, word count) {
  char byte;
  posix_fadvise(files[file], 0, 0, POSIX_FADV_RANDOM);
  for (word i = first; i < first + count; i++)
    if (pread(files[file], &byte, 1, i * PAGE) != 1) _exit(23);
  posix_fadvise(files[file], 0, 0, POSIX_FADV_NORMAL);
}

/* Between pages that nothing may use, where a window begins. */
static void map_file(int area, word first, word count, int file, int flags) {
  char *room = mmap(0, (count + 3 * WINDOW) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  word start = ((word)room / PAGE / WINDOW + 2) * WINDOW * PAGE;
  areas[area] = mmap((void *)start, count * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, files[file], first * PAGE);
  pages[area] = count;
  if (room == MAP_FAILED || areas[area] == MAP_FAILED) _exit(24);
}

static void transfer(int file, word first, word count, int memory, int writes) {
  char *at = areas[memory / 4096] + memory % 4096 * PAGE;
  ssize_t done;
  getrusage(RUSAGE_SELF, &end);
  getrusage(RUSAGE_SELF, &start);
  if (writes) done = pwrite(files[file], at, count * PAGE, first * PAGE);
  else done = pread(files[file], at, count * PAGE, first * PAGE);
  getrusage(RUSAGE_SELF, &end);
  sprintf(answer, "%ld %ld", end.ru_minflt - start.ru_minflt, done < 0 ? -1 : done / (long)PAGE);
}

static void send_file(int file, word first, word count) {
  off_t offset = first * PAGE;
  int nobody = open("/dev/null", O_WRONLY);
  sprintf(answer, "%ld", (long)sendfile(nobody, files[file], &offset, count * PAGE) / (long)PAGE);
  close(nobody);
}

static void in_core(int file, word count) {
  static unsigned char in[1 << 16];
  char *at = mmap(0, count * PAGE, PROT_READ, MAP_SHARED, files[file], 0);
  char *out = answer;
  if (at == MAP_FAILED) _exit(25);
  /* What is being read from the disk is not there yet. */
  usleep(50000);
  if (mincore(at, count * PAGE, in)) _exit(26);
  munmap(at, count * PAGE);
  for (word i = 0, run; i < count; i += run) {
    for (run = 1; i + run < count && (in[i + run] & 1) == (in[i] & 1);) run++;
    out += sprintf(out, "%s%lux%d", out == answer ? "" : " ", run, in[i] & 1);
  }
}

/* Sums over the areas what smaps says of each mapping. */
static void sets(void) {
  FILE *file = fopen("/proc/self/smaps", "r");
  word kib, rss = 0, anonymous = 0;
  if (!file) _exit(27);
  for (const char *text; (text = next_of_areas(file));) {
    if (sscanf(text, "Rss: %lu", &kib) == 1) rss += kib;
    if (sscanf(text, "Anonymous: %lu", &kib) == 1) anonymous += kib;
  }
  fclose(file);
  sprintf(answer, "%lu %lu", anonymous, rss - anonymous);
}

static void window(int file) {
  struct stat status;
  char name[64];
  word kib;
  FILE *setting;
  fstat(files[file], &status);
  sprintf(name, "/sys/class/bdi/%u:%u/read_ahead_kb", major(status.st_dev), minor(status.st_dev));
  setting = fopen(name, "r");
  if (!setting || fscanf(setting, "%lu", &kib) != 1) _exit(28);
  fclose(setting);
  sprintf(answer, "%lu", kib * 1024 / PAGE);
}

/* Whether the verb is one of files, and done. */
static int act_on_file(const char *verb, int area, word first, word count, int argument) {
  strcpy(answer, "0");
  if (!strcmp(verb, "create")) create(area, count, argument);
  else if (!strcmp(verb, "warm")) warm(area, first, count);
  else if (!strcmp(verb, "mapfile")) map_file(area, first, count, argument, MAP_PRIVATE);
  else if (!strcmp(verb, "mapshared")) map_file(area, first, count, argument, MAP_SHARED);
  else if (!strcmp(verb, "pread") || !strcmp(verb, "pwrite")) transfer(area, first, count, argument, verb[1] == 'w');
  else if (!strcmp(verb, "sendfile")) send_file(area, first, count);
  else if (!strcmp(verb, "forget")) posix_fadvise(files[area], first * PAGE, count * PAGE, POSIX_FADV_DONTNEED);
  else if (!strcmp(verb, "sync")) fsync(files[area]);
  else if (!strcmp(verb, "incore")) in_core(area, count);
  else if (!strcmp(verb, "sets")) sets();
  else if (!strcmp(verb, "window")) window(area);
  else return 0;
  return 1;
}
