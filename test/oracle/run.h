/* Replays a trace on malloc, and notes what it did. Nothing here allocates until `replay` does. */
enum { JOBS_FD = 3, RESULT_FD = 4 };

/* Asked for when the run is traced: ends the part of it that counts. No such system call exists. */
#define END_MARK 0x5a50

static struct result *result;
static struct outcome *outcomes;
static struct checkpoint *checkpoints;
static char **held;
static u64 *sizes;
static u64 slots;
static u64 *usable;

/* The program's access: a byte of every page. */
static void touch_pages(volatile char *from, u64 bytes, int isWrite) {
  for (volatile char *at = from; at < from + bytes; at = next_page(at)) {
    if (isWrite) *at = 0x5a;
    else (void)*at;
  }
}

static void note_checkpoint(u64 operations) {
  struct checkpoint *to = &checkpoints[result->checkpoints++];
  to->operations = operations;
  note_figures(to->figures);
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
  if (policy == TOUCH_OBJECT) paint(pointer, bytes, result->operations);
  else if (policy == TOUCH_PAGES) touch_pages(pointer, bytes, 1);
  else if (policy == TOUCH_FIRST && bytes) touch_pages(pointer, 1, 1);
}

static char *allocate(const struct record *record) {
  u64 bytes = record->second;
  char *pointer;
  errno = 0;
  switch (record->kind) {
    case MALLOC: pointer = measured_malloc(bytes = record->first); break;
    case CALLOC: pointer = measured_calloc(record->first, bytes), bytes *= record->first; break;
    case ALIGNED: pointer = measured_memalign(record->first, bytes); break;
    default: pointer = measured_realloc(held[record->slot], bytes);
  }
  if (!pointer && record->kind == REALLOC && bytes) return 0; /* the old block is still held */
  held[record->slot] = pointer;
  sizes[record->slot] = bytes;
  return pointer;
}

/* The operations that do not allocate. */
static u64 act(const struct record *record) {
  char *pointer = held[record->slot];
  switch (record->kind) {
    case FREE: held[record->slot] = 0; measured_free(pointer); break;
    case WRITE:
      if (pointer) paint(pointer + record->first, record->second, result->operations);
      break;
    case READ:
      if (pointer) touch_pages(pointer + record->first, record->second, 0);
      break;
    case TRIM: return measured_trim(record->first);
    case CLOCK: set_clock(record->first); break;
    case FREE_KEEP: measured_free(pointer); break;
    case FREE_AT: measured_free(pointer + (int64_t)record->first); break;
    case POKE: *(u64 *)(pointer + (int64_t)record->first) = record->second; break;
  }
  return 0;
}

/* What a run is for. It is named by its first letter. */
enum mode { PLAIN = 'p', TRACED = 't', CLEARS = 'c', DIGESTS = 'd' };

static void perform(const struct record *record, struct outcome *to, u32 policy, int isBare) {
  if (record->kind > REALLOC) {
    to->pointer = act(record);
    return;
  }
  char *pointer = allocate(record);
  if (!isBare) note_outcome(to, pointer);
  if (pointer) touch_object(pointer, sizes[record->slot], policy);
}

/* The block that an operation gave, if any. */
static char *given(const struct record *record, const struct outcome *of) {
  return record->kind <= REALLOC && of->pointer ? held[record->slot] : 0;
}

/* The tcache is made in the first call or so, whichever it is; later only calloc clears. */
static void perform_watched(const struct record *record, struct outcome *to, u32 policy) {
  int isSeen = record->kind == CALLOC || !isTcacheMade;
  if (isSeen) begin_watch(record->kind == CALLOC);
  perform(record, to, TOUCH_NONE, 0);
  if (isSeen) {
    struct clears seen = end_watch();
    to->seen[0] = seen.bytes;
    to->seen[1] = seen.needless;
  }
  char *pointer = given(record, to);
  if (pointer) touch_object(pointer, sizes[record->slot], policy);
}

static void perform_digested(const struct record *record, struct outcome *to, u32 policy) {
  char *old = record->kind == REALLOC || record->kind == FREE ? held[record->slot] : 0;
  if (old) to->seen[0] = digest(old, sizes[record->slot]);
  perform(record, to, TOUCH_NONE, 0);
  char *pointer = given(record, to);
  if (!pointer) return;
  to->seen[1] = digest(pointer, sizes[record->slot]);
  touch_object(pointer, sizes[record->slot], policy);
}

static const struct job *job;
static enum mode mode;

static void perform_one(const struct record *record, struct outcome *to) {
  u32 policy = mode == TRACED ? TOUCH_NONE : job->touch; /* malloc calls the kernel all the same */
  if (mode == CLEARS) perform_watched(record, to, policy);
  else if (mode == DIGESTS) perform_digested(record, to, policy);
  else perform(record, to, policy, job->flags & FLAG_BARE);
}

/* Whether the run notes faults, and the state at checkpoints. */
static int is_measured(void) { return mode == PLAIN && !(job->flags & FLAG_BARE); }

/* In the thread whose operations they are. */
static void perform_all(struct stretch stretch) {
  for (u64 i = stretch.from; i < stretch.to; i++) {
    result->operations = i;
    u64 before = is_measured() ? minor_faults() : 0;
    advance_clock();
    perform_one(&records_of(job)[i], &outcomes[i]);
    if (is_measured()) outcomes[i].seen[0] = minor_faults() - before;
  }
}

/* The end of a thread is the leader's to see. */
static void perform_end(u64 at, u32 thread) {
  result->operations = at;
  u64 before = is_measured() ? minor_faults() : 0;
  end_thread(thread);
  if (is_measured()) outcomes[at].seen[0] = minor_faults() - before;
}

/* Whether something has to happen between this operation and the one before, other than in their thread. */
static int is_cut(u64 at) {
  u32 kind = records_of(job)[at].kind, before = records_of(job)[at - 1].kind;
  int isDue = is_measured() && job->interval && at % job->interval == 0;
  return isDue || kind == THREAD || kind == EXIT || before == MARK;
}

/* Where the operations end that one thread does in a row, from one on. */
static u64 end_of_stretch(u64 from) {
  u64 to = from + 1;
  while (to < job->operations && !is_cut(to)) to++;
  return to;
}

static void replay(void) {
  const struct record *records = records_of(job);
  u32 thread = 1;
  u64 started = now_ns();
  for (u64 at = 0; at < job->operations;) {
    u64 first = at++;
    if (records[first].kind == THREAD) thread = records[first].first;
    else if (records[first].kind == EXIT) perform_end(first, records[first].first);
    else work_in(thread, (struct stretch){first, at = end_of_stretch(first)});
    int isDue = records[at - 1].kind == MARK || (job->interval && at % job->interval == 0);
    if (is_measured() && isDue) note_checkpoint(at);
  }
  result->operations = job->operations;
  result->nanoseconds = now_ns() - started;
}

/* Of all that is left at the end. */
static void note_digests(u64 *bySlot) {
  result->contents = digest(heapStart, (char *)sbrk(0) - heapStart);
  for (u64 i = 0; i < slots; i++) bySlot[i] = held[i] ? digest(held[i], sizes[i]) : 0;
}

/* What comes before the measured allocator does anything. */
static void prepare(u64 offset, enum mode runMode) {
  struct stat jobs;
  if (fstat(JOBS_FD, &jobs)) die("oracle: no jobs\n");
  const char *file = map_shared(JOBS_FD, jobs.st_size, PROT_READ);
  job = (const struct job *)(file + offset);
  mode = runMode;
  result = map_shared(RESULT_FD, result_bytes(job), PROT_READ | PROT_WRITE);
  outcomes = (struct outcome *)(result + 1);
  usable = (u64 *)(outcomes + job->operations);
  checkpoints = (struct checkpoint *)(usable + job->slots);
  slots = job->slots;
  held = map_own(16 * slots + 1);
  sizes = (u64 *)(held + slots);
  entries = map_own(8 * ENTRIES);
  maps = map_own(MAPS_BYTES);
  pagemap = open("/proc/self/pagemap", O_RDONLY);
  if (pagemap < 0) die("oracle: cannot open /proc/self/pagemap\n");
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  prepare_own();
  make_threads(job->threads, mode == TRACED, perform_all);
  place_heap(job->heapShift);
  place_mappings();
  start_clock(job->clockStep);
  result->heapStart = (u64)heapStart;
  result->mapTop = (u64)mapTop;
}

/* Replays the trace, and ends. */
static void run(u64 binsOffset) {
  if (mode == DIGESTS) prepare_digests();
  prepare_measured();
  set_parameters(job);
  result->bins = (u64)stdout + binsOffset;
  if (mode == CLEARS) prepare_watch(heapStart);
  touch_everything();
  now_ns(); /* touches the kernel's own data */
  faultsBefore = minor_faults();
  tellsBelow = mode == TRACED;
  if (mode == TRACED) ask_to_be_traced();
  replay();
  if (mode == TRACED) syscall(END_MARK);
  if (mode == DIGESTS) note_digests(usable);
  if (mode != PLAIN) _exit(0);
  u64 noted = result->checkpoints;
  if (!noted || checkpoints[noted - 1].operations != job->operations) note_checkpoint(job->operations);
  for (u64 i = 0; i < slots; i++) usable[i] = held[i] ? measured_size(held[i]) : 0;
  if (job->flags & FLAG_STATS) malloc_stats();
  if (job->flags & FLAG_INFO) malloc_info(0, stderr);
  tell_measured();
  note_end(result);
  _exit(0);
}
