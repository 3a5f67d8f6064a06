/*
 * The file of a process: what it asked of its allocator, in the order in which it did. It is mapped and shared, so that
 * what was recorded is there however the process ends. record-file.ts reads it.
 *
 *      0         HEADER_BYTES  + WINDOW_BYTES
 *      ├─────────┼─────────────┼─────────────┼──
 *      │ Header  │ window 0    │ window 1    │ …     a window has WINDOW_RECORDS records
 *      └─────────┴─────────────┴─────────────┴──
 *
 * A record's place is its number. Threads take numbers from one counter, a free before the block is given back and an
 * allocation after it was made: so a block is free in the file before another has its address. A record whose kind is
 * NOTHING was begun and never written.
 *
 * A forked child begins a file of its own, which names its parent's, and how much of it was there. So does each program
 * that the process goes on as. No lock is taken, as a signal or a fork may come at any time.
 */
#define MAGIC 0x64726f6365727a01ul
#define HEADER_BYTES 65536 /* the largest page there is: windows are mapped */
#define WINDOW_RECORDS 16384ul
#define WINDOW_BYTES (WINDOW_RECORDS * sizeof(Record))
#define MOST_WINDOWS (1u << 18)
#define MOST_THREADS 65535u
#define PATH_BYTES 1024
#define COMMAND_BYTES 1024

enum { NOTHING, MALLOC, CALLOC, ALIGNED, REALLOC_BEGINS, REALLOC, FREE, TRIM, EXIT, WRITE, READ };

/*
 *      kind            address           first      second
 *      MALLOC          of the block      bytes
 *      CALLOC          of the block      count      bytes
 *      ALIGNED         of the block      bytes      alignment
 *      REALLOC_BEGINS  the old one       bytes
 *      REALLOC         the new one       bytes      the old one
 *      FREE            of the block
 *      TRIM                              pad
 *      EXIT
 *      WRITE, READ     of the block      offset     bytes
 *
 * An address of 0 is that of an allocation that failed. Times are those of CLOCK_MONOTONIC, in nanoseconds.
 */
typedef struct {
  u8 kind;
  u8 unused;
  u16 thread;
  u32 site;
  u64 time;
  u64 address;
  u64 first;
  u64 second;
} Record;

typedef struct {
  u64 magic;
  u32 recordBytes;
  u32 windowRecords;
  u32 process;
  u32 image;           /* how many programs the process was before this one, and forks that it was recorded in */
  u32 parentProcess;   /* of a forked child, the file it goes on from; else 0 */
  u32 parentImage;
  u64 parentRecords;   /* how many of that file's were there */
  u64 parentSites;
  u64 next;            /* the number of the next record */
  u64 started;         /* when the program began */
  u32 stopped;         /* the errno that ended the recording, or 0 */
  u32 touchesStopped;  /* the one that kept touches from being recorded, READS_TAKE_FRAMES, or 0 */
  char program[PATH_BYTES];
  char command[COMMAND_BYTES]; /* arguments, each ended by a zero */
} Header;

#define READS_TAKE_FRAMES 0xffffu /* no errno: pages that were read and written look alike */

_Static_assert(sizeof(Record) == 40, "record-file.ts reads them");
_Static_assert(sizeof(Header) <= HEADER_BYTES, "the header is before the records");
_Static_assert(WINDOW_BYTES % HEADER_BYTES == 0, "each window begins on a page");

/* A page that a forked child finds wiped, so that it begins a file before it writes into its parent's. */
enum { ASLEEP, AWAKE };
static u32 asleep = ASLEEP;
static volatile u32 *state = &asleep;

static int isOff; /* there is nothing to record into */
static char folder[PATH_BYTES];
static char path[PATH_BYTES + 64];
static Header *header;
static Record *windows[MOST_WINDOWS];
static u32 written[MOST_WINDOWS]; /* records of each; a window that is full is unmapped */
static u64 windowsMade;
static u32 threads = 1; /* the highest number of one */
static u64 forkRecords; /* as many as there were when it forked */
static u64 forkSites;

static __thread u32 thread; /* its number; 0 before its first operation */
static __thread u32 isBusy; /* in an operation, or in the recorder's own work */

static u64 read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (u64)time.tv_sec * 1000000000ul + (u64)time.tv_nsec;
}

static u64 now(void) { return read_clock(CLOCK_MONOTONIC); }

/* Adds to a text that has room for it. Returns its new end. */
static char *add_text(char *at, const char *text) {
  while (*text) *at++ = *text++;
  *at = 0;
  return at;
}

static char *add_number(char *at, u64 number) {
  char digits[24], *first = digits + sizeof digits - 1;
  *first = 0;
  do *--first = (char)('0' + number % 10); while (number /= 10);
  return add_text(at, first);
}

/* Makes the path of a file of this process. */
static void make_path(char *at, u32 process, u32 image, const char *ending) {
  at = add_text(at, folder);
  at = add_number(add_text(at, "/"), process);
  at = add_number(add_text(at, "."), image);
  add_text(at, ending);
}

static size_t read_whole(const char *name, char *into, size_t room) {
  int file = open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  size_t length = 0;
  for (ssize_t got; length < room && (got = read(file, into + length, room - length)) > 0;) length += (size_t)got;
  close(file);
  return length;
}

/* Maps a part of the file, which is opened for it: a program may close, or use, any descriptor. Returns 0 if it cannot. */
static void *map_part(u64 from, u64 bytes, int flags) {
  void *mapped = MAP_FAILED;
  int failure = 0;
  int file = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
  if (file >= 0) {
    failure = posix_fallocate(file, (off_t)from, (off_t)bytes); /* a full disk would end the program later on */
    if (!failure) mapped = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, (off_t)from);
  }
  if (!failure) failure = errno;
  if (file >= 0) close(file);
  errno = failure;
  return mapped == MAP_FAILED ? 0 : mapped;
}

static Record *map_window(u64 number) {
  if (number >= MOST_WINDOWS || header->stopped) return 0;
  int before = errno;
  Record *made = map_part(HEADER_BYTES + number * WINDOW_BYTES, WINDOW_BYTES, 0), *expected = 0;
  if (!made) header->stopped = (u32)errno;
  errno = before;
  if (!made) return 0;
  if (__atomic_compare_exchange_n(&windows[number], &expected, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    if (number >= windowsMade) windowsMade = number + 1;
    return made;
  }
  munmap(made, WINDOW_BYTES); /* another was faster */
  return expected;
}

static void describe_program(Header *of) {
  ssize_t length = readlink("/proc/self/exe", of->program, PATH_BYTES - 1);
  of->program[length > 0 ? length : 0] = 0;
  read_whole("/proc/self/cmdline", of->command, COMMAND_BYTES - 1);
}

/* Makes the process's next file. */
static Header *make_file(u32 process) {
  for (u32 image = 0;; image++) {
    make_path(path, process, image, ".records");
    Header *made = map_part(0, HEADER_BYTES, O_CREAT | O_EXCL);
    if (!made && errno == EEXIST) continue;
    if (made) made->image = image, made->process = process;
    return made;
  }
}

/* Leaves the parent's file, of which a forked child has the mappings. */
static void leave_parent(Header *parent, Header *child) {
  child->parentProcess = parent->process;
  child->parentImage = parent->image;
  child->parentRecords = forkRecords;
  child->parentSites = forkSites;
  for (u64 i = 0; i < windowsMade; i++) {
    if (windows[i] && written[i] < WINDOW_RECORDS) munmap(windows[i], WINDOW_BYTES);
    windows[i] = 0, written[i] = 0;
  }
  windowsMade = 0;
  munmap(parent, HEADER_BYTES);
}

static int make_state(void) {
  void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 0;
  madvise(page, 4096, MADV_WIPEONFORK); /* on an older kernel after_fork does it */
  state = page;
  return 1;
}

/* Begins the file of a program, or of a forked child. Returns whether there is one. */
static int begin_file(void) {
  Header *parent = header;
  if (isOff || !folder[0] || (state == &asleep && !make_state())) return 0;
  header = 0;
  Header *made = make_file((u32)getpid());
  isOff = !made;
  if (!made) return 0;
  if (parent) leave_parent(parent, made);
  made->recordBytes = sizeof(Record);
  made->windowRecords = WINDOW_RECORDS;
  made->started = now();
  describe_program(made);
  header = made;
  __atomic_store_n(&made->magic, MAGIC, __ATOMIC_RELEASE);
  *state = AWAKE;
  return 1;
}

static void number_thread(void); /* recorder.c: it is told when the thread ends */

/* Writes a record of the running thread. */
static void write_record(u32 kind, u32 site, const void *address, u64 first, u64 second) {
  if (!thread) number_thread();
  u64 time = now();
  u64 number = __atomic_fetch_add(&header->next, 1, __ATOMIC_ACQ_REL), window = number / WINDOW_RECORDS;
  Record *records = window < MOST_WINDOWS ? __atomic_load_n(&windows[window], __ATOMIC_ACQUIRE) : 0;
  if (!records && !(records = map_window(window))) return;
  Record *record = &records[number % WINDOW_RECORDS];
  *record = (Record){0, 0, (u16)thread, site, time, (u64)address, first, second};
  __atomic_store_n(&record->kind, (u8)kind, __ATOMIC_RELEASE);
  u32 full = __atomic_add_fetch(&written[window], 1, __ATOMIC_ACQ_REL);
  if (full == WINDOW_RECORDS) munmap(records, WINDOW_BYTES);
}
