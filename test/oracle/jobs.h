/*
 * Jobs and results, as they lie in files: all numbers little-endian, all parts multiples of 8 bytes. job-file.ts writes the
 * ones and reads the others.
 */
typedef uint64_t u64;
typedef uint32_t u32;

#define JOB_MAGIC 0x31424a50ul
#define RESULT_MAGIC 0x31534552504f455aul

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
  u32 threads;   /* the highest number of one; at least 1 */
  u64 clockStep; /* nanoseconds that the allocator's clock goes on before each operation */
  u64 heapShift; /* bytes that the heap starts above the model's */
};

enum { FLAG_TRACE = 1, FLAG_STATS = 2, FLAG_BARE = 4, FLAG_CLEARS = 8, FLAG_DIGESTS = 16, FLAG_INFO = 32 };

/* A record: assembly/shared/records.ts. The kinds from FREE_KEEP on are the oracle's own. */
struct record {
  u32 kind;
  u32 slot;
  u64 first;
  u64 second;
};

enum { MALLOC, CALLOC, ALIGNED, REALLOC, FREE, WRITE, READ, THREAD, EXIT, TRIM, MARK, CLOCK, FREE_KEEP = 17, FREE_AT, POKE };

enum { TOUCH_NONE, TOUCH_FIRST, TOUCH_PAGES, TOUCH_OBJECT };

/* What became of one operation. */
struct outcome {
  u64 pointer; /* relative to the heap's start; outside it down from where mappings start, with MAPPED */
  u64 error;   /* errno of a failure */
  u64 seen[2]; /* minor faults; or bytes cleared, and those that were zero before; or digests of the block before and
                  after (digests.h) */
};

#define MAPPED (1ul << 63)

struct checkpoint {
  u64 operations;
  u64 figures[10]; /* the fields of mallinfo2; or zeros */
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

/* A result: this, the outcomes, usable bytes or the digest of what each slot holds (0 for nothing), the checkpoints, the system calls, the text. */
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
  u64 contents; /* digest of the heap at the end, in the run that makes digests */
  u64 seed;     /* address of the thread's state (jemalloc) */
  u64 base;     /* where the first mapping was asked for (mimalloc) */
  u64 statistics[6];
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

/* One each interval and at each mark, and one at the end. */
static u64 checkpoints_of(const struct job *job) {
  if (job->flags & FLAG_BARE) return 1;
  u64 count = job->interval ? job->operations / job->interval + 1 : 1;
  for (u64 i = 0; i < job->operations; i++) count += records_of(job)[i].kind == MARK;
  return count;
}

static u64 result_bytes(const struct job *job) {
  return sizeof(struct result) + job->operations * sizeof(struct outcome) + job->slots * 8ul +
         checkpoints_of(job) * sizeof(struct checkpoint);
}
