/* Forks, and goes on as another program in the child. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  void *a = malloc(100);
  if (argc > 1) return 0;
  if (fork() == 0) {
    void *b = malloc(200);
    free(a);
    free(b);
    execl(argv[0], argv[0], "again", NULL);
  }
  void *c = malloc(300);
  wait(NULL);
  free(c);
  free(a);
  return 0;
}
