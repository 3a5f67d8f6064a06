/*
 * The system's own malloc, timed: "loop BYTES COUNT" is Benfield's program, "replay FILE ROUNDS" runs a
 * trace of 24-byte records (assembly/shared/records.ts), each round in a fresh process, "steady FILE PASSES" runs
 * one that frees all again and again in one process. Prints milliseconds: of "replay" one line a round, of "steady"
 * the CPU time of the last pass.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  unsigned kind, slot;
  unsigned long first, second;
} Record;

enum { MALLOC, CALLOC, ALIGNED, REALLOC, FREE };

static clockid_t clock_used = CLOCK_MONOTONIC;

static double now(void) {
  struct timespec time;
  clock_gettime(clock_used, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static double loop(size_t bytes, long count) {
  double start = now();
  for (long i = 0; i < count; i++) {
    void *volatile p = calloc(1, bytes);
    free(p);
  }
  return now() - start;
}

static double replay(const Record *records, size_t count, void **slots) {
  double start = now();
  for (size_t i = 0; i < count; i++) {
    const Record *r = &records[i];
    void **slot = &slots[r->slot];
    switch (r->kind) {
      case MALLOC: *slot = malloc(r->first); break;
      case CALLOC: *slot = calloc(r->first, r->second); break;
      case ALIGNED: *slot = memalign(r->first, r->second); break;
      case REALLOC: *slot = realloc(*slot, r->second); break;
      case FREE: free(*slot); break;
    }
  }
  return now() - start;
}

static void *map(size_t bytes) {
  return mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

static const Record *read_file(const char *path, size_t *count) {
  int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status)) exit(1);
  *count = status.st_size / sizeof(Record);
  return mmap(0, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
}

static void **make_slots(void) {
  return map(8 << 22); /* room for 4 million objects alive at once */
}

static int replay_file(const char *path, int rounds) {
  size_t count;
  const Record *records = read_file(path, &count);
  void **slots = make_slots();
  double *times = mmap(0, 8 * rounds, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int round = 0; round < rounds; round++) {
    if (fork() == 0) {
      times[round] = replay(records, count, slots);
      _exit(0);
    }
    wait(0);
  }
  for (int round = 0; round < rounds; round++) printf("%f\n", times[round]);
  return 0;
}

static int replay_steadily(const char *path, int passes) {
  size_t count;
  const Record *records = read_file(path, &count);
  void **slots = make_slots();
  double last = 0;
  clock_used = CLOCK_PROCESS_CPUTIME_ID;
  for (int pass = 0; pass < passes; pass++) last = replay(records, count, slots);
  printf("%f\n", last);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[1], "loop")) printf("%f\n", loop(strtoull(argv[2], 0, 10), atol(argv[3])));
  else if (argc == 4 && !strcmp(argv[1], "replay")) return replay_file(argv[2], atoi(argv[3]));
  else if (argc == 4 && !strcmp(argv[1], "steady")) return replay_steadily(argv[2], atoi(argv[3]));
  else return 2;
  return 0;
}
