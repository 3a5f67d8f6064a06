/* Calls every function of the allocator that tracers know, so that their logs can be held against calls.txt. A second thread
   runs while the first one waits for it. */
#define _GNU_SOURCE
#include <malloc.h>
#include <mcheck.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void *kept;

static void *second(void *unused) {
  void *p = malloc(300);
  kept = calloc(3, 7);
  free(p);
  return unused;
}

static void *grow(void *p) { return realloc(p, 5000); }

int main(void) {
  if (getenv("MALLOC_TRACE")) mtrace();
  void *a = malloc(100);
  void *c = calloc(10, 20);
  a = grow(a);
  void *m = aligned_alloc(64, 128);
  void *q = NULL;
  if (posix_memalign(&q, 4096, 8192)) return 1;
  free(c);
  free(NULL);
  void *r = realloc(NULL, 24);
  if (realloc(r, (size_t)1 << 50) || malloc((size_t)1 << 50)) return 1;
  char *s = strdup("hello");
  pthread_t thread;
  pthread_create(&thread, NULL, second, NULL);
  pthread_join(thread, NULL);
  free(s);
  free(q);
  free(m);
  void *z = memalign(256, 10);
  free(z);
  void *l = reallocarray(NULL, 4, 8);
  l = realloc(l, 0);
  free(r);
  free(kept);
  free(a);
  return 0;
}
