/*
 * Runs a script in processes that fork, on the real Linux kernel, for test/machine/processes.ts. One process acts at a time;
 * the others wait for a line. Reads from the standard input, and answers, a line each:
 *
 *   PROCESS VERB AREA FIRST COUNT ARGUMENT          processes are 1 to 8, areas 0 to 15; pages count from the area's start
 *
 *   map                     maps COUNT pages, FIRST pages above a multiple of 2 MiB, with nothing next to them. 0
 *   read, write             a byte of each page. Minor faults, and pages whose frame changed
 *   advise                  ARGUMENT: the number of the advice. 0 or -1
 *   unmap                   0
 *   protect                 ARGUMENT: 0 none, 1 read, 3 read and write. 0 or -1
 *   fork                    ARGUMENT: the number of the child, which has the areas. 0
 *   exit                    0, once the process is gone
 *   show                    runs of pages: . is absent, z the zero page, f a file's, aN a frame that N processes hold
 *   sizes                   KiB resident and private of all areas; pages that 1, 2, … processes hold
 *   huge                    KiB of all areas that are mapped as huge pages
 *   move                    mremap to ARGUMENT pages above a multiple of 2 MiB, and one page more. 0
 *
 * and what files.h has of files. With an argument, huge pages are used where advice says so.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGE 4096UL
#define HUGE (512 * PAGE)
#define PROCESSES 9
#define AREAS 16
#define MOST 4096

typedef unsigned long word;

static int commands[PROCESSES][2], answers[2];
static char *areas[AREAS];
static word pages[AREAS];
static word before[MOST], after[MOST], counts[MOST], flags[MOST];
static struct rusage start, end;
static char line[256], answer[1 << 16];

#include "touch.h"

#define PRESENT (1UL << 63)
#define FRAME(entry) ((entry) & ((1UL << 55) - 1))
#define OF_FILE (1UL << 61)
#define ZERO_PAGE (1UL << 24)

static void entries(char *at, word count, word *into) {
  int file = open("/proc/self/pagemap", O_RDONLY);
  if (file < 0 || pread(file, into, count * 8, (word)at / PAGE * 8) != (ssize_t)(count * 8)) _exit(2);
  close(file);
}

/* What the kernel says of the frames of entries, word by word of a file in /proc. */
static void frames(const char *name, word count, const word *entry, word *into) {
  int file = open(name, O_RDONLY);
  if (file < 0) _exit(3);
  for (word i = 0; i < count; i++) {
    into[i] = 0;
    if (entry[i] & PRESENT && pread(file, into + i, 8, FRAME(entry[i]) * 8) != 8) _exit(3);
  }
  close(file);
}

/* Of pages that PAGEOUT and then COLD moved between lists, the kernel keeps some a while, and copies them on a write, as if
 * one more process held them. Advice about anything empties that. */
static void settle_lists(void) {
  static char *any;
  if (!any) any = mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(any, PAGE, MADV_COLD);
}

static void access_pages(char *at, word count, int writes) {
  word changed = 0;
  entries(at, count, before);
  frames("/proc/kpageflags", count, before, flags);
  /* What the program itself needs is touched first, so that it does not count. */
  memset(after, 0, sizeof after);
  sink = 0;
  settle_lists();
  getrusage(RUSAGE_SELF, &end);
  getrusage(RUSAGE_SELF, &start);
  touch(at, count, writes);
  getrusage(RUSAGE_SELF, &end);
  entries(at, count, after);
  for (word i = 0; i < count; i++)
    changed += before[i] & PRESENT && !(flags[i] & ZERO_PAGE) && FRAME(before[i]) != FRAME(after[i]);
  sprintf(answer, "%ld %lu", end.ru_minflt - start.ru_minflt + end.ru_majflt - start.ru_majflt, changed);
}

static void kind(word i, char *into) {
  if (!(before[i] & PRESENT)) strcpy(into, ".");
  else if (flags[i] & ZERO_PAGE) strcpy(into, "z");
  else if (before[i] & OF_FILE) strcpy(into, "f");
  else sprintf(into, "a%lu", counts[i]);
}

static void show(char *at, word count) {
  char last[32] = "", next[32];
  word run = 0;
  char *out = answer;
  entries(at, count, before);
  frames("/proc/kpageflags", count, before, flags);
  frames("/proc/kpagecount", count, before, counts);
  for (word i = 0; i <= count; i++) {
    if (i < count) kind(i, next);
    if (i == count || strcmp(next, last)) {
      if (run) out += sprintf(out, "%s%lux%s", out == answer ? "" : " ", run, last);
      strcpy(last, next);
      run = 0;
    }
    run++;
  }
}

/* The next line of smaps that is about a mapping of the areas; 0 if there is none. */
static const char *next_of_areas(FILE *smaps) {
  static char text[512];
  static int ours;
  word from, to;
  while (fgets(text, sizeof text, smaps)) {
    if (sscanf(text, "%lx-%lx ", &from, &to) == 2) {
      ours = 0;
      for (int a = 0; a < AREAS; a++)
        ours |= areas[a] && (word)areas[a] < to && from < (word)areas[a] + pages[a] * PAGE;
    } else if (ours) return text;
  }
  return 0;
}

/* Sums over the areas what smaps says of each mapping. */
static void sizes(void) {
  FILE *file = fopen("/proc/self/smaps", "r");
  word kib, rss = 0, private = 0, held[PROCESSES] = {0};
  char *out = answer;
  if (!file) _exit(4);
  for (const char *text; (text = next_of_areas(file));) {
    if (sscanf(text, "Rss: %lu", &kib) == 1) rss += kib;
    if (sscanf(text, "Private_Clean: %lu", &kib) == 1 || sscanf(text, "Private_Dirty: %lu", &kib) == 1) private += kib;
  }
  fclose(file);
  out += sprintf(out, "%lu %lu", rss, private);
  for (int a = 0; a < AREAS; a++) {
    if (!areas[a]) continue;
    entries(areas[a], pages[a], before);
    frames("/proc/kpageflags", pages[a], before, flags);
    frames("/proc/kpagecount", pages[a], before, counts);
    for (word i = 0; i < pages[a]; i++)
      if (before[i] & PRESENT && !(flags[i] & ZERO_PAGE)) held[counts[i]]++;
  }
  for (int n = 1; n < PROCESSES; n++) out += sprintf(out, " %lu", held[n]);
}

static void huge(void) {
  FILE *file = fopen("/proc/self/smaps", "r");
  word kib, sum = 0;
  if (!file) _exit(4);
  for (const char *text; (text = next_of_areas(file));)
    if (sscanf(text, "AnonHugePages: %lu", &kib) == 1) sum += kib;
  fclose(file);
  sprintf(answer, "%lu", sum);
}

/* Room for pages between two that nothing may use, so that the kernel makes no one mapping of two. */
static char *room(word offset, word count) {
  char *all = mmap(0, (count + offset + 2) * PAGE + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) _exit(5);
  return (char *)(((word)all + HUGE) / HUGE * HUGE + offset * PAGE);
}

static void map(int area, word offset, word count) {
  areas[area] = room(offset, count);
  pages[area] = count;
  if (mprotect(areas[area], count * PAGE, PROT_READ | PROT_WRITE)) _exit(5);
}

static void move(int area, char *at, word count, word offset) {
  char *to = room(offset, count + 1);
  areas[area] = mremap(at, count * PAGE, (count + 1) * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
  pages[area] = count + 1;
  sprintf(answer, "%d", areas[area] == to ? 0 : -1);
}

static void wait_for_lines(int process);

#include "files.h"

static void act(const char *verb, int area, word first, word count, int argument) {
  static const int PROTECTION[] = {PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE};
  char *at = areas[area] + first * PAGE;
  if (act_on_file(verb, area, first, count, argument)) return;
  if (!strcmp(verb, "map")) map(area, first, count);
  else if (!strcmp(verb, "read") || !strcmp(verb, "write")) access_pages(at, count, *verb == 'w');
  else if (!strcmp(verb, "advise")) sprintf(answer, "%d", madvise(at, count * PAGE, argument));
  else if (!strcmp(verb, "unmap")) munmap(at, count * PAGE);
  else if (!strcmp(verb, "protect")) sprintf(answer, "%d", mprotect(at, count * PAGE, PROTECTION[argument]));
  else if (!strcmp(verb, "show")) show(at, count);
  else if (!strcmp(verb, "sizes")) sizes();
  else if (!strcmp(verb, "huge")) huge();
  else if (!strcmp(verb, "move")) move(area, at, count, argument);
  else if (!strcmp(verb, "fork")) {
    pid_t child = fork();
    if (child < 0) _exit(6);
    if (!child) wait_for_lines(argument);
  } else if (!strcmp(verb, "exit")) sprintf(answer, "%d", getpid());
  else _exit(strcmp(verb, "quit") ? 7 : 0);
}

static void wait_for_lines(int process) {
  char verb[16];
  int number, area, argument;
  word first, count;
  /* Nobody tells it to end if the script fails. */
  alarm(300);
  while (read(commands[process][0], line, sizeof line) == sizeof line) {
    argument = 0;
    if (sscanf(line, "%d %15s %d %lu %lu %d", &number, verb, &area, &first, &count, &argument) < 5) _exit(8);
    act(verb, area, first, count, argument);
    if (write(answers[1], answer, sizeof answer) != sizeof answer) _exit(9);
    if (!strcmp(verb, "exit")) _exit(0);
  }
  _exit(0);
}

/* Reads all of an answer, however the pipe cuts it. */
static int read_answer(void) {
  size_t have = 0;
  ssize_t got;
  while (have < sizeof answer && (got = read(answers[0], answer + have, sizeof answer - have)) > 0) have += got;
  return have == sizeof answer;
}

int main(int argc, char **argv) {
  (void)argv;
  static char script[1 << 20];
  static int alive[PROCESSES];
  char verb[16];
  int process, child;
  cpu_set_t cpus;
  int cpu = sched_getcpu();
  /* New pages are in a list of their CPU for a while (lru_add), which counts as one more holder on all other CPUs. */
  CPU_ZERO(&cpus);
  CPU_SET(cpu < 0 ? 0 : cpu, &cpus);
  sched_setaffinity(0, sizeof cpus, &cpus);
  signal(SIGCHLD, SIG_IGN);
  if (argc < 2) prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  for (int i = 0; i < PROCESSES; i++)
    if (pipe(commands[i])) return 1;
  if (pipe(answers)) return 1;
  if (!fork()) {
    wait_for_lines(1);
  }
  if (read(0, script, sizeof script - 1) < 0) return 1;
  for (char *at = strtok(script, "\n"); at; at = strtok(0, "\n")) {
    memset(line, 0, sizeof line);
    strncpy(line, at, sizeof line - 1);
    if (sscanf(at, "%d %15s", &process, verb) != 2) return 1;
    if (write(commands[process][1], line, sizeof line) != sizeof line || !read_answer()) return 1;
    alive[process] = strcmp(verb, "exit");
    if (sscanf(at, "%*d fork %*d %*d %*d %d", &child) == 1) alive[child] = 1;
    if (!strcmp(verb, "exit")) {
      while (!kill(atoi(answer), 0)) usleep(200);
      strcpy(answer, "0");
    }
    puts(answer);
  }
  for (int i = 1; i < PROCESSES; i++) {
    strcpy(line, "0 quit 0 0 0");
    if (alive[i] && write(commands[i][1], line, sizeof line) != sizeof line) return 1;
  }
  return 0;
}
