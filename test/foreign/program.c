/* A small program that uses the C library as others do. What the tests are after is the library's allocator. */
#include <stdio.h>
#include <stdlib.h>

static volatile int started;

__attribute__((constructor)) static void start(void) { started++; }

/* How often its constructors ran. */
int starts(void) { return started; }

/* Lines of the file that a variable names; -1 without it. Brings in what starts files and the environment. */
int lines(const char *variable) {
  const char *path = getenv(variable);
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return -1;
  int count = 0;
  for (int letter = getc(file); letter != EOF; letter = getc(file)) count += letter == '\n';
  fclose(file);
  return count;
}

#ifdef OWN_START
/* In place of the toolchain's. It runs no constructors, so the linker makes every export run them. */
void _initialize(void) {}
#endif
