/*
 * The process of a run: where it has its heap and its mappings, what it has touched, and what the kernel says of it.
 *
 * The run must not itself use what it measures. Until its first operation the process calls nothing that
 * allocates; the trace and the results lie in shared mappings; and before the first operation
 *
 *  - the break is moved to an address that agrees with the model's heap in its low 30 bits, and the address space
 *    above one that agrees likewise with where the model's kernel starts to place mappings, in its low 34 bits, is filled
 *    up. Alignments of up to 16 GiB in mappings then come out as in the model, with or without address space randomisation;
 *  - every page already mapped is touched (written, where it may be), so that every minor fault counted afterwards
 *    is one on the heap or on a mapping that malloc made.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <ucontext.h>

#define PAGE 4096ul
#define GIB (1ul << 30)

/*
 * Heap and mappings agree with the model's in the bits below these: nodes of Python's tree of addresses are of 16 GiB,
 * leaves of tcmalloc's page map of 2 GiB, and mimalloc aligns to whatever it is asked for.
 */
#ifdef PRELOADED
#define HEAP_AGREES (2 * GIB)
#else
#define HEAP_AGREES GIB
#endif
#define MAPPINGS_AGREE (16 * GIB)

/* assembly/machine/layout.ts: LINUX_HEAP_START and LINUX_MMAP_TOP. */
#define MODEL_HEAP_START 0x555555560000ul
#define MODEL_MAP_TOP 0x7ffff7ff0000ul

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

/* Moves the break, so much above the model's. malloc starts its heap where it finds it. */
static void place_heap(u64 above) {
  u64 now = (u64)sbrk(0);
  u64 shift = (MODEL_HEAP_START + above - now) % HEAP_AGREES;
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
  mapTop = (char *)(lowest - (lowest - MODEL_MAP_TOP) % MAPPINGS_AGREE);
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

/* Touches pages of the oracle's own, which stay as they are. */
static void warm_pages(volatile char *from, volatile char *to, int isWritable) {
  for (volatile char *at = from; at < to; at = next_page(at)) {
    char value = *at;
    if (isWritable) *at = value;
  }
}

/* Touches all that is mapped so far, but for what is below where mappings start, and the kernel's own data. */
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
    int isAllocators = from >= (u64)sbrk(0) && from < (u64)mapTop; /* of one that starts before the program */
    if (isKernels || isAllocators || (isNamed && !strncmp(name, "[heap", 5))) continue;
    if (permissions[0] == 'r') warm_pages((char *)from, (char *)to, permissions[1] == 'w');
  }
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *)) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigaction(signal, &action, 0);
}

/* A second argument of this makes a trapped call the handler's own. */
#define OWN_CALL 0x5a504f57ul

/* Has a handler do what a system call of that number is to do. One call can be trapped. */
static void trap_call(u32 number, void (*handler)(int, siginfo_t *, void *)) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_CALL, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  handle(SIGSYS, handler);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
    die("oracle: cannot trap a system call\n");
}

static u64 minor_faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

static u64 now_ns(void) {
  struct timespec time;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time); /* one of the measured libraries has a clock of its own */
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

/* The program lies above this, below its heap. */
#define PROGRAM_FROM ((char *)0x500000000000ul)

/*
 * Of every writable area from the heap's start up to where mappings start: the program has its own above. What lies far
 * below the program was asked for there.
 */
static u64 resident(void) {
  u64 count = 0;
  read_maps();
  for (const char *at = maps; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : 0) {
    char *from = (char *)hex(&at);
    at++;
    char *to = (char *)hex(&at);
    if (from >= PROGRAM_FROM && from < heapStart) from = heapStart;
    if (to > mapTop) to = mapTop;
    if (from < to && at[2] == 'w') count += resident_pages(from, to);
  }
  return count;
}
