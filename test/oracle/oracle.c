/*
 * Replays traces on the system's malloc, each in a process of its own, and writes down what it did.
 *
 *     oracle JOBS RESULTS     or     oracle --version, which prints glibc's
 *
 * JOBS is a row of jobs, RESULTS a row of results in the same order (layouts below; all numbers little-endian, all
 * parts multiples of 8 bytes). The parent starts this program anew for each run: once to measure, and, where a job
 * asks for it, once more under ptrace to see the system calls and once more to see what is cleared (clears.h), so that
 * what is measured is not disturbed; the results follow each other.
 *
 * The run must not itself use what it measures. Until its first operation the process calls nothing that
 * allocates; the trace and the results lie in shared mappings; and before the first operation
 *
 *  - the break is moved to an address that agrees with the model's heap in its low 30 bits, and the address space
 *    above one that agrees likewise with where the model's kernel starts to place mappings is filled up. Alignments
 *    of up to 1 GiB then come out as in the model, with or without address space randomisation;
 *  - every page already mapped is touched (written, where it may be), so that every minor fault counted afterwards
 *    is one on the heap or on a mapping that malloc made.
 */
#define _GNU_SOURCE
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

typedef uint64_t u64;
typedef uint32_t u32;

#define PAGE 4096ul
#define GIB (1ul << 30)
#define JOB_MAGIC 0x31424a50ul
#define RESULT_MAGIC 0x31534552504f455aul

/* assembly/machine/layout.ts: LINUX_HEAP_START and LINUX_MMAP_TOP. */
#define MODEL_HEAP_START 0x555555560000ul
#define MODEL_MAP_TOP 0x7ffff7ff0000ul

/*
 * A job: this, `settings` pairs of mallopt arguments (i32), the environment (strings, each ended by a zero, padded
 * to 8), the records.
 */
struct job {
  u32 magic;
  u32 touch;
  u64 operations;
  u32 slots;
  u32 interval;
  u32 flags;
  u32 settings;
  u32 environment;
  u32 padding;
};

enum { FLAG_TRACE = 1, FLAG_STATS = 2, FLAG_BARE = 4, FLAG_CLEARS = 8 };

/* A record: assembly/shared/records.ts. The kinds from TRIM on are the oracle's own. */
struct record {
  u32 kind;
  u32 slot;
  u64 first;
  u64 second;
};

enum { MALLOC, CALLOC, ALIGNED, REALLOC, FREE, WRITE, READ, TRIM = 16, FREE_KEEP, FREE_AT, POKE };

enum { TOUCH_NONE, TOUCH_FIRST, TOUCH_PAGES, TOUCH_OBJECT };

/* What became of one operation. */
struct outcome {
  u64 pointer; /* relative to the heap's start; outside it down from where mappings start, with MAPPED */
  u64 error;   /* errno of a failure */
  u64 cleared; /* bytes; only in the run that sees them */
  u64 needless; /* cleared ones that were zero before */
};

#define MAPPED (1ul << 63)

struct checkpoint {
  u64 operations;
  u64 mallinfo[10];
  u64 faults;
  u64 resident;
  u64 heapBytes;
};

struct syscall_record {
  u64 operation;
  u64 number;
  u64 arguments[4];
  u64 result;
};

/* A result: this, the outcomes, usable bytes by slot (0 for none), the checkpoints, the system calls, the text. */
struct result {
  u64 magic;
  u64 bytes;
  u64 signal; /* that ended the run, or 0 */
  u64 exit;
  u64 operations; /* done */
  u64 heapStart;
  u64 mapTop;
  u64 slots;
  u64 checkpoints;
  u64 syscalls;
  u64 text; /* bytes of what it wrote to standard error */
  u64 nanoseconds;
  u64 bins; /* the address of the unsorted bin's header, which is in the C library */
  u64 contents; /* of the heap at the end, as clears.h hashes them; only in the run that sees clears */
};

static u64 up8(u64 bytes) { return (bytes + 7) & ~7ul; }

static const int *settings_of(const struct job *job) { return (const int *)(job + 1); }
static const char *environment_of(const struct job *job) {
  return (const char *)(settings_of(job) + 2 * job->settings);
}
static const struct record *records_of(const struct job *job) {
  return (const struct record *)(environment_of(job) + up8(job->environment));
}
static const char *end_of(const struct job *job) { return (const char *)(records_of(job) + job->operations); }

static u64 checkpoints_of(const struct job *job) {
  return job->flags & FLAG_BARE ? 1 : job->interval ? job->operations / job->interval + 1 : 1;
}

static u64 result_bytes(const struct job *job) {
  return sizeof(struct result) + job->operations * sizeof(struct outcome) + job->slots * 8ul +
         checkpoints_of(job) * sizeof(struct checkpoint);
}

/* ---- The run: nothing below allocates until `replay` does ---- */

enum { JOBS_FD = 3, RESULT_FD = 4 };

/* Asked for when the run is traced: ends the part of it that counts. No such system call exists. */
#define END_MARK 0x5a50

static struct result *result;
static struct outcome *outcomes;
static struct checkpoint *checkpoints;
static char **held;
static u64 *sizes;
static u64 slots;
static char *heapStart;
static char *mapTop;
static u64 faultsBefore;
static int pagemap;

/* Kept out of the program's own data, so that it ends below the model's heap. */
#define ENTRIES 8192ul
#define MAPS_BYTES (1ul << 21)
static u64 *entries;
static char *maps;

static void die(const char *what) {
  ssize_t ignored = write(2, what, strlen(what));
  (void)ignored;
  _exit(3);
}

static void *map_shared(int fd, u64 bytes, int protection) {
  void *at = mmap(0, bytes, protection, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) die("oracle: cannot map\n");
  return at;
}

static void *map_own(u64 bytes) {
  void *at = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) die("oracle: cannot map\n");
  return at;
}

/* Moves the break. malloc starts its heap where it finds it. */
static void place_heap(void) {
  u64 now = (u64)sbrk(0);
  u64 shift = (MODEL_HEAP_START - now) % GIB;
  if (sbrk(shift) == (void *)-1) die("oracle: cannot move the break\n");
  heapStart = sbrk(0);
}

static void read_maps(void) {
  int fd = open("/proc/self/maps", O_RDONLY);
  u64 length = 0;
  for (ssize_t got; (got = read(fd, maps + length, MAPS_BYTES - 1 - length)) > 0;) length += got;
  if (fd < 0 || length == MAPS_BYTES - 1) die("oracle: cannot read /proc/self/maps\n");
  maps[length] = 0;
  close(fd);
}

static u64 hex(const char **at) {
  u64 value = 0;
  for (;; (*at)++) {
    char c = **at;
    if (c >= '0' && c <= '9') value = value * 16 + (c - '0');
    else if (c >= 'a' && c <= 'f') value = value * 16 + (c - 'a' + 10);
    else return value;
  }
}

/* Fills the address space from the model's place downwards up to the top, so that malloc's mappings start there. */
static void place_mappings(void) {
  u64 lowest = 0;
  read_maps();
  for (const char *at = maps; at && *at && !lowest; at = strchr(at, '\n'), at = at ? at + 1 : 0) {
    u64 from = hex(&at);
    if (from > (u64)sbrk(0)) lowest = from;
  }
  mapTop = (char *)(lowest - (lowest - MODEL_MAP_TOP) % GIB);
  for (u64 size = 1ul << 40; size >= PAGE; size /= 2) {
    for (;;) {
      char *at = mmap(0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (at == MAP_FAILED) break;
      if (at >= mapTop) continue;
      munmap(at, size);
      break;
    }
  }
}

static char *next_page(const volatile char *at) { return (char *)(((u64)at & ~(PAGE - 1)) + PAGE); }

/* The program's access: a byte of every page. */
static void touch_pages(volatile char *from, u64 bytes, int isWrite) {
  for (volatile char *at = from; at < from + bytes; at = next_page(at)) {
    if (isWrite) *at = 0x5a;
    else (void)*at;
  }
}

/* Touches pages of the oracle's own, which stay as they are. */
static void warm_pages(volatile char *from, volatile char *to, int isWritable) {
  for (volatile char *at = from; at < to; at = next_page(at)) {
    char value = *at;
    if (isWritable) *at = value;
  }
}

/* Touches all that is mapped so far, but for the heap that is not malloc's and the kernel's own data. */
static void touch_everything(void) {
  read_maps();
  for (const char *at = maps; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : 0) {
    u64 from = hex(&at);
    at++;
    u64 to = hex(&at);
    const char *permissions = at + 1;
    const char *name = strchr(at, '[');
    const char *end = strchr(at, '\n');
    int isNamed = name && end && name < end;
    int isKernels = isNamed && (!strncmp(name, "[vv", 3) || !strncmp(name, "[vs", 3));
    if (isKernels || (isNamed && !strncmp(name, "[heap", 5))) continue;
    if (permissions[0] == 'r') warm_pages((char *)from, (char *)to, permissions[1] == 'w');
  }
}

static u64 minor_faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

#include "clears.h"

static u64 now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ul + time.tv_nsec;
}

/* Frames owned in a range. A page of the shared zero page is present, but not mapped exclusively (bit 56). */
static u64 resident_pages(const char *from, const char *to) {
  u64 count = 0;
  while (from < to) {
    u64 pages = (to - from + PAGE - 1) / PAGE;
    if (pages > ENTRIES) pages = ENTRIES;
    ssize_t got = pread(pagemap, entries, pages * 8, (u64)from / PAGE * 8);
    if (got != (ssize_t)(pages * 8)) die("oracle: cannot read /proc/self/pagemap\n");
    for (u64 i = 0; i < pages; i++) count += (entries[i] >> 63) & (entries[i] >> 56) & 1;
    from += pages * PAGE;
  }
  return count;
}

/* Of every writable area from the heap's start up to where mappings start: the program has its own above. */
static u64 resident(void) {
  u64 count = 0;
  read_maps();
  for (const char *at = maps; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : 0) {
    char *from = (char *)hex(&at);
    at++;
    char *to = (char *)hex(&at);
    if (from < heapStart) from = heapStart;
    if (to > mapTop) to = mapTop;
    if (from < to && at[2] == 'w') count += resident_pages(from, to);
  }
  return count;
}

static void note_checkpoint(u64 operations) {
  struct checkpoint *to = &checkpoints[result->checkpoints++];
  struct mallinfo2 info = mallinfo2();
  const u64 fields[10] = {info.arena,    info.ordblks,  info.smblks,   info.hblks,    info.hblkhd,
                          info.usmblks,  info.fsmblks,  info.uordblks, info.fordblks, info.keepcost};
  to->operations = operations;
  memcpy(to->mallinfo, fields, sizeof fields);
  to->faults = minor_faults() - faultsBefore;
  to->heapBytes = (char *)sbrk(0) - heapStart;
  to->resident = resident();
}

static void note_outcome(struct outcome *to, char *pointer) {
  if (!pointer) {
    to->error = errno;
  } else if (pointer >= heapStart && pointer < (char *)sbrk(0)) {
    to->pointer = pointer - heapStart;
  } else {
    to->pointer = MAPPED | (u64)(mapTop - pointer);
  }
}

static void touch_object(char *pointer, u64 bytes, u32 policy) {
  if (policy == TOUCH_OBJECT) memset(pointer, 0x5a, bytes);
  else if (policy == TOUCH_PAGES) touch_pages(pointer, bytes, 1);
  else if (policy == TOUCH_FIRST && bytes) touch_pages(pointer, 1, 1);
}

static char *allocate(const struct record *record) {
  u64 bytes = record->second;
  char *pointer;
  errno = 0;
  switch (record->kind) {
    case MALLOC: pointer = malloc(bytes = record->first); break;
    case CALLOC: pointer = calloc(record->first, bytes), bytes *= record->first; break;
    case ALIGNED: pointer = memalign(record->first, bytes); break;
    default: pointer = realloc(held[record->slot], bytes);
  }
  if (!pointer && record->kind == REALLOC && bytes) return 0; /* the old block is still held */
  held[record->slot] = pointer;
  sizes[record->slot] = bytes;
  return pointer;
}

/* The operations that do not allocate; a write only has to touch. */
static u64 act(const struct record *record) {
  char *pointer = held[record->slot];
  switch (record->kind) {
    case FREE: held[record->slot] = 0; free(pointer); break;
    case WRITE:
    case READ:
      if (pointer) touch_pages(pointer + record->first, record->second, record->kind == WRITE);
      break;
    case TRIM: return malloc_trim(record->first);
    case FREE_KEEP: free(pointer); break;
    case FREE_AT: free(pointer + (int64_t)record->first); break;
    case POKE: *(u64 *)(pointer + (int64_t)record->first) = record->second; break;
  }
  return 0;
}

/* What a run is for. It is named by its first letter. */
enum mode { PLAIN = 'p', TRACED = 't', CLEARS = 'c' };

static void perform(const struct record *record, struct outcome *to, u32 policy, int isBare) {
  if (record->kind > REALLOC) {
    to->pointer = act(record);
    return;
  }
  char *pointer = allocate(record);
  if (!isBare) note_outcome(to, pointer);
  if (pointer) touch_object(pointer, sizes[record->slot], policy);
}

/* The tcache is made in the first call or so, whichever it is; later only calloc clears. */
static void perform_watched(const struct record *record, struct outcome *to, u32 policy) {
  int isSeen = record->kind == CALLOC || !isTcacheMade;
  if (isSeen) begin_watch(record->kind == CALLOC);
  perform(record, to, TOUCH_NONE, 0);
  if (isSeen) {
    struct clears seen = end_watch();
    to->cleared = seen.bytes;
    to->needless = seen.needless;
  }
  char *pointer = record->kind <= REALLOC && to->pointer ? held[record->slot] : 0;
  if (pointer) touch_object(pointer, sizes[record->slot], policy);
}

static void replay(const struct job *job, enum mode mode) {
  const struct record *records = records_of(job);
  int isBare = job->flags & FLAG_BARE;
  u32 policy = mode == TRACED ? TOUCH_NONE : job->touch; /* malloc calls the kernel all the same */
  u64 untilCheckpoint = mode != PLAIN || isBare || !job->interval ? UINT64_MAX : job->interval;
  u64 started = now_ns();
  for (u64 i = 0; i < job->operations; i++) {
    const struct record *record = &records[i];
    result->operations = i;
    if (mode == CLEARS) perform_watched(record, &outcomes[i], policy);
    else perform(record, &outcomes[i], policy, isBare);
    if (--untilCheckpoint == 0) {
      untilCheckpoint = job->interval;
      note_checkpoint(i + 1);
    }
  }
  result->operations = job->operations;
  result->nanoseconds = now_ns() - started;
}

static void run(u64 offset, enum mode mode, u64 binsOffset) {
  struct stat jobs;
  if (fstat(JOBS_FD, &jobs)) die("oracle: no jobs\n");
  const char *file = map_shared(JOBS_FD, jobs.st_size, PROT_READ);
  const struct job *job = (const struct job *)(file + offset);
  result = map_shared(RESULT_FD, result_bytes(job), PROT_READ | PROT_WRITE);
  outcomes = (struct outcome *)(result + 1);
  u64 *usable = (u64 *)(outcomes + job->operations);
  checkpoints = (struct checkpoint *)(usable + job->slots);
  slots = job->slots;
  held = map_own(16 * slots + 1);
  sizes = (u64 *)(held + slots);
  entries = map_own(8 * ENTRIES);
  maps = map_own(MAPS_BYTES);
  pagemap = open("/proc/self/pagemap", O_RDONLY);
  if (pagemap < 0) die("oracle: cannot open /proc/self/pagemap\n");
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  place_heap();
  place_mappings();
  for (u32 i = 0; i < job->settings; i++) mallopt(settings_of(job)[2 * i], settings_of(job)[2 * i + 1]);
  result->heapStart = (u64)heapStart;
  result->mapTop = (u64)mapTop;
  result->bins = (u64)stdout + binsOffset;
  if (mode == CLEARS) prepare_watch(heapStart);
  touch_everything();
  now_ns(); /* touches the kernel's own data */
  faultsBefore = minor_faults();
  if (mode == TRACED) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0)) die("oracle: ptrace is not allowed\n");
    kill(getpid(), SIGSTOP);
  }
  replay(job, mode);
  if (mode == TRACED) syscall(END_MARK);
  if (mode == CLEARS) result->contents = hash_contents();
  if (mode != PLAIN) _exit(0);
  u64 noted = result->checkpoints;
  if (!noted || checkpoints[noted - 1].operations != job->operations) note_checkpoint(job->operations);
  for (u64 i = 0; i < slots; i++) usable[i] = held[i] ? malloc_usable_size(held[i]) : 0;
  if (job->flags & FLAG_STATS) malloc_stats();
  _exit(0);
}

/* ---- The parent: starts runs and watches them ---- */

static struct syscall_record *syscalls;
static u64 syscallCount, syscallRoom;

static struct syscall_record *add_syscall(void) {
  if (syscallCount == syscallRoom) {
    syscallRoom = syscallRoom ? 2 * syscallRoom : 1024;
    syscalls = realloc(syscalls, syscallRoom * sizeof *syscalls);
    if (!syscalls) die("oracle: out of memory\n");
  }
  return &syscalls[syscallCount++];
}

/* Follows a run that asked to be traced from call to call up to its END_MARK. Returns its status at its end. */
static int watch(pid_t child, const struct result *seen) {
  int status, isInside = 0;
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    int signal = WSTOPSIG(status);
    struct user_regs_struct registers;
    if (signal == SIGSTOP) {
      ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
      signal = 0;
    } else if (signal == (SIGTRAP | 0x80)) {
      signal = 0;
      ptrace(PTRACE_GETREGS, child, 0, &registers);
      if (isInside) {
        syscalls[syscallCount - 1].result = registers.rax;
      } else if (registers.orig_rax == END_MARK) {
        ptrace(PTRACE_DETACH, child, 0, 0);
        waitpid(child, &status, 0);
        break;
      } else {
        *add_syscall() = (struct syscall_record){
            seen->operations,
            registers.orig_rax,
            {registers.rdi, registers.rsi, registers.rdx, registers.r10},
            0,
        };
      }
      isInside = !isInside;
    }
    if (ptrace(PTRACE_SYSCALL, child, 0, (void *)(long)signal)) break;
  }
  return status;
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
  char *volatile lone = malloc(2000);
  char *volatile guard = malloc(24);
  free(lone);
  u64 bins = *(u64 *)lone;
  free(guard);
  return bins - (u64)stdout;
}

static void write_all(int fd, const void *from, u64 bytes) {
  for (u64 done = 0; done < bytes;) {
    ssize_t wrote = write(fd, (const char *)from + done, bytes - done);
    if (wrote <= 0) die("oracle: cannot write\n");
    done += wrote;
  }
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
  char *said = calloc(1, up8(length.st_size) + 1);
  if (pread(text, said, length.st_size, 0) != length.st_size) die("oracle: cannot read\n");
  seen->magic = RESULT_MAGIC;
  seen->slots = job->slots;
  seen->syscalls = syscallCount;
  seen->text = length.st_size;
  u64 used = bytes - (checkpoints_of(job) - seen->checkpoints) * sizeof(struct checkpoint);
  seen->bytes = used + syscallCount * sizeof *syscalls + up8(length.st_size);
  write_all(out, seen, used);
  write_all(out, syscalls, syscallCount * sizeof *syscalls);
  write_all(out, said, up8(length.st_size));
  free(said);
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

int main(int count, char **arguments) {
  if (count == 5 && !strcmp(arguments[1], "run")) {
    run(number(arguments[3]), arguments[2][0], number(arguments[4]));
  }
  if (count == 2 && !strcmp(arguments[1], "--version")) return puts(gnu_get_libc_version()) == EOF;
  binsOffset = find_bins();
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
    at = end_of(job);
  }
  return 0;
}
