/* What heaptrack's samples beside this file recorded. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *grab(size_t bytes) { return malloc(bytes); }
static void *cleared(size_t count) { return calloc(count, 8); }

static char *grown(void) {
  char *text = NULL;
  for (int i = 1; i <= 3; i++) text = realloc(text, 1000 * i);
  return text;
}

int main(void) {
  void *kept[4];
  for (int i = 0; i < 4; i++) kept[i] = grab(100 + i);
  void *zeroes = cleared(16);
  char *text = grown();
  for (int i = 0; i < 4; i += 2) free(kept[i]);
  nanosleep(&(struct timespec){0, 50000000}, NULL);
  void *aligned = aligned_alloc(64, 4096);
  free(zeroes);
  free(aligned);
  free(NULL);
  char *copy = strdup("some text");
  free(text);
  free(copy);
  free(kept[1]);
  return kept[3] == NULL;
}
