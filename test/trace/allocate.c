/*
 * Calls every function of the allocator in every way that valgrind --trace-malloc=yes tells apart, for valgrind.test.ts.
 * See README.md for how its log was made.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *volatile keep;
/* Kept from the compiler, which knows that nobody can allocate so much. */
static volatile size_t too_much = (size_t)1 << 46;
static volatile size_t overflows = SIZE_MAX;

/* The program's own words share the log; without a newline, valgrind's come right behind them. */
static void say(const char *text) {
  fputs(text, stderr);
  fflush(stderr);
}

static void plain(void) {
  char *a = malloc(100);
  char *b = calloc(10, 20);
  char *nothing = malloc(0);
  keep = a;
  keep = b;
  printf("usable: %zu\n", malloc_usable_size(b));
  free(a);
  free(nothing);
  free(b);
  free(NULL);
}

static void resizing(void) {
  char *p = realloc(NULL, 50);
  p = realloc(p, 5000);
  p = realloc(p, 20);
  keep = malloc(24);
  p = realloc(p, 0);
  p = realloc(p, 7);
  p = reallocarray(p, 3, 5);
  free(p);
  free(keep);
}

static void aligned(void) {
  void *p = memalign(64, 10);
  void *q = NULL;
  free(p);
  if (posix_memalign(&q, 4096, 8192) == 0) free(q);
  p = aligned_alloc(256, 1024);
  q = memalign(48, 100); /* not a power of two: glibc and valgrind round up */
  free(p);
  free(q);
}

static void failing(void) {
  keep = malloc(too_much);
  keep = calloc(overflows, 2); /* printed without a result */
  keep = calloc(3, 4);
  keep = malloc(overflows - 4); /* valgrind remarks on it in the middle of the line */
}

static void talking(void) {
  say("a whole line\n");
  say("no newline");
  void *p = malloc(1);
  say("h\xc3\xa9llo --"); /* not ASCII */
  free(p);
  say("--1-- malloc(8) = 0x1000\n"); /* another process's, as far as anyone can tell */
}

int main(void) {
  plain();
  resizing();
  aligned();
  failing();
  talking();
  for (int i = 0; i < 200; i++) {
    char *p = malloc(16 * (size_t)i);
    if (i % 8 != 0) free(p); /* the rest leaks */
  }
  return 0;
}
