/*
 * Asks for memory in ways that are known: programs.test.ts has what must be recorded of each. argv[1] names one. It prints
 * without stdio, which allocates.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept[64]; /* what the compiler must not leave out */

static void say(const char *text) {
  if (write(1, text, strlen(text)) < 0) abort();
}

/* Every function, and what fails. */
static void every_call(void) {
  volatile size_t huge = (size_t)1 << 40;
  kept[0] = malloc(10);
  kept[1] = calloc(3, 20);
  kept[0] = realloc(kept[0], 5000);
  kept[2] = reallocarray(0, 4, 25);
  void *aligned;
  if (posix_memalign(&aligned, 64, 100)) abort();
  kept[3] = aligned_alloc(32, 96);
  kept[4] = memalign(128, 7);
  kept[5] = valloc(11);
  kept[6] = pvalloc(12);
  kept[7] = strdup("a block of the C library's");
  kept[8] = malloc((size_t)1 << 62);
  kept[8] = calloc(huge, huge);
  kept[8] = realloc(kept[1], (size_t)1 << 62);
  kept[8] = malloc(0);
  free(0);
  free(aligned);
  kept[2] = realloc(kept[2], 0);
  malloc_trim(0);
  free(kept[0]);
}

static pthread_barrier_t turn;

static void *of_thread(void *number) {
  uintptr_t own = (uintptr_t)number;
  kept[own] = malloc(1000 + own);
  pthread_barrier_wait(&turn);
  pthread_barrier_wait(&turn);
  free(kept[own]);
  return 0;
}

/* Two threads, one after the other, each with a block that it frees when both have one. */
static void two_threads(void) {
  pthread_t threads[2];
  pthread_barrier_init(&turn, 0, 2);
  kept[0] = malloc(1);
  for (uintptr_t i = 0; i < 2; i++) {
    pthread_create(&threads[i], 0, of_thread, (void *)(i + 1));
    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn);
    pthread_join(threads[i], 0);
  }
  free(kept[0]);
}

#define RACERS 4
#define EXCHANGES 10000
static void *shared[16];

/* Threads give blocks to each other, so that one has an address right after another gave it back. */
static void *race(void *number) {
  uint64_t seed = (uintptr_t)number * 7919 + 1;
  for (int i = 0; i < EXCHANGES; i++) {
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    size_t bytes = 16 + (seed >> 33) % 200;
    void *mine = seed >> 60 & 1 ? malloc(bytes) : realloc(malloc(8), bytes);
    free(__atomic_exchange_n(&shared[seed >> 40 & 15], mine, __ATOMIC_ACQ_REL));
  }
  return 0;
}

static void racing_threads(void) {
  pthread_t threads[RACERS];
  for (uintptr_t i = 0; i < RACERS; i++) pthread_create(&threads[i], 0, race, (void *)i);
  for (int i = 0; i < RACERS; i++) pthread_join(threads[i], 0);
  for (int i = 0; i < 16; i++) free(shared[i]);
}

static void *crash_in_thread(void *unused) {
  (void)unused;
  kept[1] = malloc(22);
  *(volatile char *)8 = 1;
  return 0;
}

static void crash(void) {
  pthread_t thread;
  kept[0] = malloc(11);
  pthread_create(&thread, 0, crash_in_thread, 0);
  pthread_join(thread, 0);
}

/* The child frees what its parent made, makes a block of its own, and one more process. */
static void forks(void) {
  kept[0] = malloc(100);
  kept[1] = malloc(200);
  if (fork() == 0) {
    free(kept[0]);
    kept[2] = malloc(300);
    if (fork() == 0) {
      kept[3] = malloc(400);
      _exit(0);
    }
    wait(0);
    _exit(0);
  }
  wait(0);
  kept[4] = malloc(500);
}

/* Leaves a process behind, which has begun and waits for a while, with none of its streams. */
static void stays(void) {
  int ends[2];
  char byte = 0;
  if (pipe(ends)) abort();
  if (fork() == 0) {
    kept[0] = malloc(100);
    for (int stream = 0; stream < 3; stream++) close(stream);
    if (write(ends[1], &byte, 1) != 1) abort();
    sleep(60);
    _exit(0);
  }
  kept[0] = malloc(200);
  if (read(ends[0], &byte, 1) != 1) abort();
}

/* Forks and becomes another; then becomes another itself, with an environment that is empty. */
static void execs(const char *self) {
  char *nothing[] = {0};
  kept[0] = malloc(100);
  if (fork() == 0) execl(self, self, "leaf", (char *)0);
  wait(0);
  execve(self, (char *[]){(char *)self, "leaf", 0}, nothing);
}

static void leaf(void) {
  kept[0] = malloc(77);
  _exit(7);
}

/* Whatever the last one took. */
static void let_a_look_be_due(void) { usleep(50000); }

/* Large blocks, touched in known places. */
static void touches(void) {
  volatile char *written = kept[0] = malloc(10 * 4096), *cleared = kept[1] = calloc(5, 4096);
  written[0] = 1, written[3 * 4096 + 5] = 1, written[4 * 4096] = 1;
  char seen = cleared[4096];
  let_a_look_be_due();
  free(kept[0]);
  cleared[4096] = seen;
  cleared[4 * 4096] = 1;
  kept[1] = realloc(kept[1], 8 * 4096 - 1);
  ((volatile char *)kept[1])[8 * 4096 - 2] = 1;
  let_a_look_be_due();
  kept[2] = malloc(2 * 4096); /* the kernel writes into it */
  int ends[2];
  if (pipe(ends) || write(ends[1], "some", 4) != 4 || read(ends[0], kept[2], 4) != 4) abort();
  free(kept[2]);
  kept[1] = realloc(kept[1], 40);
  free(kept[1]);
}

/* Touches between calls. */
static void pace(void) {
  volatile char *block = kept[0] = malloc(4 * 4096);
  for (int page = 2; page >= 0; page--) {
    block[page * 4096] = 1;
    kept[1] = malloc(8);
    free(kept[1]);
  }
  free(kept[0]);
}

/* Of each block, a tenth is used. */
static void use_a_tenth(void) {
  for (int i = 0; i < 20; i++) {
    volatile char *block = kept[0] = calloc(1, 1 << 20);
    for (int at = 0; at < 25 * 4096; at += 4096) block[at] = 1;
    free(kept[0]);
  }
}

/* What malloc says of itself in the end. */
static void print_mallinfo(void) {
  char text[256];
  struct mallinfo2 is = mallinfo2();
  snprintf(text, sizeof text, "%zu %zu %zu %zu %zu %zu %zu %zu %zu %zu\n", is.arena, is.ordblks, is.smblks, is.hblks,
           is.hblkhd, is.usmblks, is.fsmblks, is.uordblks, is.fordblks, is.keepcost);
  say(text);
}

/* A life with blocks of many sizes, by threads too if asked. */
static void live(uint64_t seed, int operations) {
  static __thread void *held[1000];
  for (int i = 0; i < operations; i++) {
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    void **at = &held[seed >> 40 & 511];
    size_t bytes = (seed >> 33 & 127) == 0 ? (seed >> 44) : (seed >> 54);
    if (seed >> 61 == 0) *at = realloc(*at, bytes + 1);
    else if (*at) free(*at), *at = 0;
    else *at = seed >> 60 & 1 ? malloc(bytes) : calloc(1, bytes);
  }
}

static void *live_in_thread(void *seed) {
  live((uintptr_t)seed, 20000);
  pthread_barrier_wait(&turn);
  while (pause()) {
  }
  return 0;
}

static void lives(int threads) {
  pthread_t made[8];
  pthread_barrier_init(&turn, 0, 2);
  live(2026, 50000);
  kept[0] = calloc(4, 1 << 20);
  for (int i = 0; i < threads; i++) { /* one at a time: which arena a thread gets depends on it */
    pthread_create(&made[i], 0, live_in_thread, (void *)(uintptr_t)(i + 1));
    pthread_barrier_wait(&turn);
  }
  print_mallinfo();
  _exit(0);
}

int main(int count, char **words) {
  const char *what = count > 1 ? words[1] : "";
  if (!strcmp(what, "calls")) every_call();
  else if (!strcmp(what, "threads")) two_threads();
  else if (!strcmp(what, "race")) racing_threads();
  else if (!strcmp(what, "crash")) crash();
  else if (!strcmp(what, "abort")) kept[0] = malloc(33), abort();
  else if (!strcmp(what, "forks")) forks();
  else if (!strcmp(what, "stays")) stays();
  else if (!strcmp(what, "execs")) execs(words[0]);
  else if (!strcmp(what, "leaf")) leaf();
  else if (!strcmp(what, "touches")) touches();
  else if (!strcmp(what, "tenth")) use_a_tenth();
  else if (!strcmp(what, "paces")) pace();
  else if (!strcmp(what, "life")) lives(0);
  else if (!strcmp(what, "lives")) lives(3);
  else return 64;
  return 3;
}
