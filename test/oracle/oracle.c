/*
 * Replays traces on the system's malloc, each in a process of its own, and writes down what it did.
 *
 *     oracle JOBS RESULTS     or     oracle --version, which prints glibc's
 *
 * JOBS is a row of jobs, RESULTS a row of results in the same order (jobs.h). The parent starts this program anew for
 * each run: once to measure, and, where a job asks for it, once more under ptrace to see the system calls, once more to
 * see what is cleared, and once more to see what memory holds, so that what is measured is not disturbed; the results
 * follow each other.
 *
 *     jobs.h          jobs and results
 *     process.h       the process of a run
 *     below.h         the C library's malloc, and what a layer asks of it
 *     own-malloc.h    what the program itself allocates with
 *     measured.h      the allocator that is measured
 *     preloaded.h     the same three where a library is measured that the environment preloads
 *     jemalloc.h, mimalloc.h   what each of them has of its own
 *     clears.h        sees what is cleared
 *     digests.h       sees what memory holds
 *     threads.h       the threads of a trace
 *     run.h           replays a trace
 *     oracle.c        the parent
 */
#ifdef PYMALLOC
#include <Python.h> /* defines _GNU_SOURCE; comes first, as it asks for */
#else
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jobs.h"
#include "process.h"
#ifdef PRELOADED
#include "preloaded.h"
#include PRELOADED
#else
#include "below.h"
#include "own-malloc.h"
#include "measured.h"
#endif
#include "clears.h"
#include "digests.h"
#include "threads.h"
#include "run.h"

#define MOST_SYSCALLS (1ul << 24)
static struct syscall_record *syscalls;
static u64 syscallCount;

static void add_syscall(struct syscall_record call) {
  if (syscallCount == MOST_SYSCALLS) die("oracle: too many system calls\n");
  syscalls[syscallCount++] = call;
}

/* Calls by which threads pass the baton and end, the program's look at its clock, and what a library says of its troubles. */
static int is_of_program(u64 number) {
  return number == SYS_futex || number == SYS_rt_sigprocmask || number == SYS_exit || number == SYS_clock_gettime ||
         number == SYS_write;
}

/* A thread is about to make a system call, or has made it. Returns whether it was END_MARK. */
static int note_syscall(pid_t thread, const struct result *seen) {
  struct user_regs_struct registers;
  struct __ptrace_syscall_info info;
  ptrace(PTRACE_GETREGS, thread, 0, &registers);
  ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info);
  u64 number = registers.orig_rax;
  if (number == END_MARK) return 1;
  if (is_of_program(number)) return 0;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    add_syscall((struct syscall_record){
        seen->operations, number, {registers.rdi, registers.rsi, registers.rdx, registers.r10}, 0});
  } else if (syscallCount) {
    syscalls[syscallCount - 1].result = registers.rax; /* one thread runs, so it is the last one's */
  }
  return 0;
}

/* Follows the threads of a run that ask to be traced from call to call, up to END_MARK. Returns its status at its end. */
static int watch(pid_t child, const struct result *seen) {
  int status, isOver = 0;
  for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) {
      if (thread == child) return status;
      continue;
    }
    int signal = WSTOPSIG(status);
    if (signal == SIGSTOP) {
      ptrace(PTRACE_SETOPTIONS, thread, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
      signal = 0;
    } else if (signal == (SIGTRAP | 0x80)) {
      signal = 0;
      isOver = isOver || note_syscall(thread, seen);
    }
    ptrace(PTRACE_SYSCALL, thread, 0, (void *)(long)signal);
  }
  die("oracle: lost a run\n");
  return 0;
}

static long binsOffset;

static void start(
    const char *self, const struct job *job, u64 offset, enum mode mode, int jobs, int output, int text) {
  char *environment[256];
  u32 count = 0;
  const char *strings = environment_of(job);
  for (u32 at = 0; at < job->environment && count < 255; at += strlen(strings + at) + 1) {
    environment[count++] = (char *)strings + at;
  }
  environment[count] = 0;
  char letter[] = {mode, 0}, where[32], bins[32];
  snprintf(where, sizeof where, "%lu", offset);
  snprintf(bins, sizeof bins, "%ld", binsOffset);
  char *arguments[] = {"oracle", "run", letter, where, bins, 0};
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  personality(ADDR_NO_RANDOMIZE); /* where it is allowed: not in every container, and nothing depends on it */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(text, 2);
  int jobsCopy = fcntl(jobs, F_DUPFD, 10), outputCopy = fcntl(output, F_DUPFD, 10);
  dup2(jobsCopy, JOBS_FD);
  dup2(outputCopy, RESULT_FD);
  for (int fd = 5; fd < 32; fd++) close(fd);
  execve(self, arguments, environment);
  die("oracle: cannot start a run\n");
}

/* How far behind the C library's stdout the header of the unsorted bin is: a free chunk alone in it links to it. */
static long find_bins(void) {
  char *volatile lone = __libc_malloc(2000);
  char *volatile guard = __libc_malloc(24);
  __libc_free(lone);
  u64 bins = *(u64 *)lone;
  __libc_free(guard);
  return bins - (u64)stdout;
}

static void write_all(int fd, const void *from, u64 bytes) {
  for (u64 done = 0; done < bytes;) {
    ssize_t wrote = write(fd, (const char *)from + done, bytes - done);
    if (wrote <= 0) die("oracle: cannot write\n");
    done += wrote;
  }
}

static void append(int fd, int from, u64 bytes) {
  if (!bytes) return;
  const char *all = map_shared(from, bytes, PROT_READ);
  write_all(fd, all, bytes);
  munmap((void *)all, bytes);
}

static void run_job(const char *self, const struct job *job, u64 offset, enum mode mode, int jobs, int out) {
  int output = memfd_create("result", MFD_CLOEXEC), text = memfd_create("text", MFD_CLOEXEC);
  u64 bytes = result_bytes(job);
  if (output < 0 || text < 0 || ftruncate(output, bytes)) die("oracle: cannot make room for a result\n");
  struct result *seen = map_shared(output, bytes, PROT_READ | PROT_WRITE);
  syscallCount = 0;
  pid_t child = fork();
  if (child == 0) start(self, job, offset, mode, jobs, output, text);
  int status;
  if (mode == TRACED) status = watch(child, seen);
  else waitpid(child, &status, 0);
  seen->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  seen->exit = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

  struct stat length;
  fstat(text, &length);
  if (ftruncate(text, up8(length.st_size))) die("oracle: cannot read\n");
  seen->magic = RESULT_MAGIC;
  seen->slots = job->slots;
  seen->syscalls = syscallCount;
  seen->text = length.st_size;
  u64 used = bytes - (checkpoints_of(job) - seen->checkpoints) * sizeof(struct checkpoint);
  seen->bytes = used + syscallCount * sizeof *syscalls + up8(length.st_size);
  write_all(out, seen, used);
  write_all(out, syscalls, syscallCount * sizeof *syscalls);
  append(out, text, up8(length.st_size));
  munmap(seen, bytes);
  close(output);
  close(text);
}

/* Without the library's own, which might allocate. */
static long number(const char *text) {
  long value = 0;
  int isNegative = *text == '-';
  for (const char *digit = text + isNegative; *digit; digit++) value = value * 10 + (*digit - '0');
  return isNegative ? -value : value;
}

/* A run: its mode, where its job is, and find_bins. */
static int is_run(int count, char **arguments) { return count == 5 && !strcmp(arguments[1], "run"); }

static void prepare_run(int count, char **arguments) {
  if (is_run(count, arguments)) prepare(number(arguments[3]), arguments[2][0]);
}

#ifdef PRELOADED
/* A library that is preloaded allocates before main, and so what has to come before comes before all libraries. */
__attribute__((section(".preinit_array"), used)) static void (*beforeLibraries)(int, char **) = prepare_run;
#endif

int main(int count, char **arguments) {
#ifndef PRELOADED
  prepare_run(count, arguments);
#endif
  if (is_run(count, arguments)) run(number(arguments[4]));
  if (count == 2 && !strcmp(arguments[1], "--version")) return puts(gnu_get_libc_version()) == EOF;
  binsOffset = find_bins();
  syscalls = mmap(0, MOST_SYSCALLS * sizeof *syscalls, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (syscalls == MAP_FAILED) die("oracle: cannot map\n");
  if (count != 3) die("usage: oracle JOBS RESULTS\n");
  char self[4096] = "";
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) die("oracle: cannot find itself\n");
  int jobs = open(arguments[1], O_RDONLY | O_CLOEXEC);
  int out = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  struct stat length;
  if (jobs < 0 || out < 0 || fstat(jobs, &length)) die("oracle: cannot open its files\n");
  const char *file = map_shared(jobs, length.st_size, PROT_READ);
  for (const char *at = file; at < file + length.st_size;) {
    const struct job *job = (const struct job *)at;
    if (job->magic != JOB_MAGIC || end_of(job) > file + length.st_size) die("oracle: not a job\n");
    run_job(self, job, at - file, PLAIN, jobs, out);
    if (job->flags & FLAG_TRACE) run_job(self, job, at - file, TRACED, jobs, out);
    if (job->flags & FLAG_CLEARS) run_job(self, job, at - file, CLEARS, jobs, out);
    if (job->flags & FLAG_DIGESTS) run_job(self, job, at - file, DIGESTS, jobs, out);
    at = end_of(job);
  }
  return 0;
}
