/*
 * Programs that a program starts are recorded too: what it gives them for an environment has what the recorder needs,
 * though it may be made anew. Nothing is allocated, as the caller may share its memory (vfork).
 */
static const char *const NEEDED[] = {"LD_PRELOAD=", "ZEROPAGE_RECORD=", "ZEROPAGE_RECORD_HOW="};
#define NEEDED_COUNT 3
static char kept[NEEDED_COUNT][2 * PATH_BYTES]; /* as they were when the program began */

static int begins_with(const char *text, const char *beginning) {
  while (*beginning)
    if (*text++ != *beginning++) return 0;
  return 1;
}

static const char *variable(char *const *environment, const char *name) {
  for (; environment && *environment; environment++)
    if (begins_with(*environment, name)) return *environment;
  return 0;
}

static void keep_environment(char *const *environment) {
  for (int i = 0; i < NEEDED_COUNT; i++) {
    const char *found = variable(environment, NEEDED[i]);
    if (found && strlen(found) < sizeof kept[i]) add_text(kept[i], found);
  }
}

static size_t count_of(char *const *environment) {
  size_t count = 0;
  while (environment && environment[count]) count++;
  return count;
}

/* Copies an environment, and adds what is missing. */
static void complete(char *const *environment, char **into) {
  size_t count = count_of(environment);
  for (size_t i = 0; i < count; i++) into[i] = environment[i];
  for (int i = 0; i < NEEDED_COUNT; i++)
    if (kept[i][0] && !variable(environment, NEEDED[i])) into[count++] = kept[i];
  into[count] = 0;
}

/* The completed environment as a local array of the caller. */
#define COMPLETED(name, environment) \
  char *name[count_of(environment) + NEEDED_COUNT + 1]; \
  complete(environment, name)

EXPORT int execve(const char *file, char *const arguments[], char *const environment[]) {
  COMPLETED(completed, environment);
  look_last();
  return (int)syscall(SYS_execve, file, arguments, completed);
}

EXPORT int execv(const char *file, char *const arguments[]) { return execve(file, arguments, environ); }

EXPORT int execvpe(const char *file, char *const arguments[], char *const environment[]) {
  COMPLETED(completed, environment);
  look_last();
  return real.execvpe(file, arguments, completed);
}

EXPORT int execvp(const char *file, char *const arguments[]) { return execvpe(file, arguments, environ); }

EXPORT int posix_spawn(pid_t *process, const char *file, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
  COMPLETED(completed, environment);
  return real.posix_spawn(process, file, actions, attributes, arguments, completed);
}

EXPORT int posix_spawnp(pid_t *process, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
  COMPLETED(completed, environment);
  return real.posix_spawnp(process, file, actions, attributes, arguments, completed);
}
