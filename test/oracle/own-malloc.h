/*
 * The C library's malloc is measured.
 *
 * The program's own malloc, which the C library uses too where it makes threads and prints. So the heap that is measured
 * is that of the trace alone: the trace calls the C library's malloc by the names of below.h. Nothing is given back.
 */
#define OWN_BYTES (1ul << 20)
#define OWN_ALIGN 16ul

static char *ownNext, *ownEnd;

static void make_own_room(void) {
  if (ownNext) return;
  ownNext = map_own(OWN_BYTES);
  ownEnd = ownNext + OWN_BYTES;
}

/*      0       8      16
 *      ├───────┼───────┼──────────
 *      │ bytes │       │ block …
 */
void *malloc(size_t bytes) {
  if (isLayerAtWork) return malloc_below(bytes);
  make_own_room();
  u64 *block = (u64 *)ownNext;
  u64 whole = OWN_ALIGN + ((bytes + OWN_ALIGN - 1) & ~(OWN_ALIGN - 1));
  if (bytes > OWN_BYTES || whole > (u64)(ownEnd - ownNext)) die("oracle: out of memory\n");
  ownNext += whole;
  *block = bytes;
  return (char *)block + OWN_ALIGN;
}

void *calloc(size_t count, size_t bytes) {
  return isLayerAtWork ? calloc_below(count, bytes) : malloc(count * bytes);
}

void *realloc(void *old, size_t bytes) {
  if (isLayerAtWork) return realloc_below(old, bytes);
  void *block = malloc(bytes);
  if (!old) return block;
  u64 had = *(u64 *)((char *)old - OWN_ALIGN);
  return memcpy(block, old, had < bytes ? had : bytes);
}

void free(void *block) {
  if (isLayerAtWork) free_below(block);
}

static void prepare_own(void) { make_own_room(); }

/* Nothing that mallopt sets. */
#define NO_PARAMETER 0

static void set_parameters(const struct job *job) {
  for (u32 i = 0; i < job->settings; i++) mallopt(settings_of(job)[2 * i], settings_of(job)[2 * i + 1]);
  if (job->threads > 1) mallopt(NO_PARAMETER, 0); /* initialises malloc, and so gives this thread the main arena */
}

static void note_figures(u64 *to) {
  struct mallinfo2 info = mallinfo2();
  const u64 fields[10] = {info.arena,    info.ordblks,  info.smblks,   info.hblks,    info.hblkhd,
                          info.usmblks,  info.fsmblks,  info.uordblks, info.fordblks, info.keepcost};
  memcpy(to, fields, sizeof fields);
}

static int measured_trim(u64 pad) { return malloc_trim(pad); }

/* It looks at no clock. */
static void start_clock(u64 step) { (void)step; }
static void set_clock(u64 to) { (void)to; }
static void advance_clock(void) {}

static void note_end(struct result *result) { (void)result; }
