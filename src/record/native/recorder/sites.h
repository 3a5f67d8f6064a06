/*
 * Who calls the allocator: call stacks, each with a number, from 1 on. A stack is written once, into the file .sites,
 *
 *      ├────────┼───────────┼───────────┼──
 *      │ frames │ return address │ …              u64 each, the innermost first
 *
 * and what is mapped executable where, which tells modules, into .maps: "= N", and the lines of /proc/self/maps, whenever
 * stack N + 1 has an address that is in none of those before.
 */
#define MOST_FRAMES 64
#define FIRST_STACKS 65536ul
#define MAPS_BYTES (1ul << 20)
#define MOST_RANGES 4096

typedef struct {
  u64 hash; /* of its frames; two stacks with one hash would be one, which 64 bits make unlikely */
  u32 number;
} Stack;

typedef struct {
  u64 from, to;
} Range;

static u32 mostFrames; /* 0 if stacks are not asked for */
static Stack *stacks;
static u64 stacksRoom;
static u64 stackCount;
static u32 stacksLock;
static Range ranges[MOST_RANGES];
static u32 rangeCount;
static u32 hasMaps;

/* A walk up the stack. What lies at `stacks[i]` and above is of frame i and those that called it. */
typedef struct {
  u64 frames[MOST_FRAMES];
  u64 stacks[MOST_FRAMES];
  u32 count;
  u32 met; /* how far it got along the last walk */
} Walk;

static __thread Walk lastWalk;

static void append(const char *ending, const void *bytes, size_t length) {
  char name[PATH_BYTES + 64];
  int before = errno;
  make_path(name, header->process, header->image, ending);
  int file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file >= 0) {
    if (write(file, bytes, length) != (ssize_t)length) header->stopped = ENOSPC;
    close(file);
  }
  errno = before;
}

static u64 hex(const char **at) {
  u64 value = 0;
  for (;; (*at)++) {
    char digit = **at;
    if (digit >= '0' && digit <= '9') value = value * 16 + (u64)(digit - '0');
    else if (digit >= 'a' && digit <= 'f') value = value * 16 + (u64)(digit - 'a' + 10);
    else return value;
  }
}

/* Notes what is mapped executable, of the text of /proc/self/maps. */
static void read_ranges(const char *text) {
  rangeCount = 0;
  for (const char *at = text; *at && rangeCount < MOST_RANGES;) {
    Range range = {hex(&at), 0};
    at += *at == '-';
    range.to = hex(&at);
    if (at[0] && at[1] && at[2] && at[3] == 'x') ranges[rangeCount++] = range;
    while (*at && *at != '\n') at++;
    at += *at == '\n';
  }
}

static void write_maps(void) {
  char *text = mmap(0, MAPS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (text == MAP_FAILED) return;
  char *at = add_text(add_number(add_text(text, "= "), stackCount), "\n");
  size_t length = read_whole("/proc/self/maps", at, MAPS_BYTES - 64);
  at[length] = 0;
  read_ranges(at);
  append(".maps", text, (size_t)(at - text) + length);
  munmap(text, MAPS_BYTES);
  hasMaps = 1;
}

static int is_in_range(u64 address) {
  for (u32 i = 0; i < rangeCount; i++)
    if (address >= ranges[i].from && address < ranges[i].to) return 1;
  return 0;
}

/* Code that no file has is looked for once: its page becomes a range. */
static void note_modules(const Walk *walk) {
  for (u32 i = 0; i < walk->count; i++) {
    u64 address = walk->frames[i];
    if (hasMaps && is_in_range(address)) continue;
    write_maps();
    if (!is_in_range(address) && rangeCount < MOST_RANGES)
      ranges[rangeCount++] = (Range){address & ~4095ul, (address & ~4095ul) + 4096};
  }
}

static u64 hash_of(const Walk *walk) {
  u64 hash = walk->count;
  for (u32 i = 0; i < walk->count; i++) {
    hash = (hash ^ walk->frames[i]) * 0x9e3779b97f4a7c15ul;
    hash ^= hash >> 32;
  }
  return hash | 1; /* 0 is an empty place */
}

static Stack *place_of(u64 hash) {
  u64 index = hash >> 1 & (stacksRoom - 1);
  while (stacks[index].hash && stacks[index].hash != hash) index = (index + 1) & (stacksRoom - 1);
  return &stacks[index];
}

static int grow_stacks(void) {
  Stack *before = stacks;
  u64 room = stacksRoom;
  u64 wanted = room ? 2 * room : FIRST_STACKS;
  void *made = mmap(0, wanted * sizeof(Stack), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) return 0;
  stacks = made, stacksRoom = wanted;
  for (u64 i = 0; i < room; i++)
    if (before[i].hash) *place_of(before[i].hash) = before[i];
  if (before) munmap(before, room * sizeof(Stack));
  return 1;
}

/* The number of a stack, which is written if it is new. The lock is held. */
static u32 number_of(const Walk *walk) {
  if (2 * stackCount >= stacksRoom && !grow_stacks()) return 0;
  u64 hash = hash_of(walk);
  Stack *place = place_of(hash);
  if (place->hash) return place->number;
  note_modules(walk);
  u64 entry[MOST_FRAMES + 1] = {walk->count};
  memcpy(entry + 1, walk->frames, walk->count * sizeof(u64));
  append(".sites", entry, (walk->count + 1) * sizeof(u64));
  *place = (Stack){hash, (u32)++stackCount};
  return place->number;
}

/*
 * Whether the rest of the last walk is that of this one, which got to one of its frames: then each return address is
 * where it was, below what is its frame's.
 */
static int goes_on_as_last(const Walk *walk) {
  u32 met = walk->met, before = walk->count - 1;
  if (met >= lastWalk.count || lastWalk.frames[met] != walk->frames[before]) return 0;
  if (lastWalk.count == mostFrames && walk->count + lastWalk.count - met - 1 < mostFrames) return 0; /* it was cut */
  for (u32 i = met; i < lastWalk.count; i++)
    if (((const u64 *)lastWalk.stacks[i])[-1] != lastWalk.frames[i]) return 0;
  return 1;
}

static void take_rest_of_last(Walk *walk) {
  for (u32 i = walk->met + 1; i < lastWalk.count && walk->count < mostFrames; i++, walk->count++) {
    walk->frames[walk->count] = lastWalk.frames[i];
    walk->stacks[walk->count] = lastWalk.stacks[i];
  }
}

/* Unwinding takes a hundred times as long as looking whether the outer frames are still those of the last walk. */
static int joins_last(Walk *walk) {
#ifdef __x86_64__
  u64 stack = walk->stacks[walk->count - 1];
  while (walk->met < lastWalk.count && lastWalk.stacks[walk->met] < stack) walk->met++;
  if (walk->met == lastWalk.count || lastWalk.stacks[walk->met] != stack || !goes_on_as_last(walk)) return 0;
  take_rest_of_last(walk);
  return 1;
#else
  (void)walk;
  return 0; /* return addresses lie elsewhere */
#endif
}

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *to) {
  Walk *walk = to;
  u64 address = _Unwind_GetIP(context);
  if (!address) return _URC_END_OF_STACK;
  if (is_own_code(address)) return _URC_NO_REASON;
  walk->frames[walk->count] = address;
  walk->stacks[walk->count++] = _Unwind_GetCFA(context);
  return walk->count < mostFrames && !joins_last(walk) ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* The number of the stack that called; 0 if stacks are not asked for, or there is none. */
static u32 find_site(void) {
  if (!mostFrames) return 0;
  Walk walk;
  walk.count = walk.met = 0;
  _Unwind_Backtrace(add_frame, &walk);
  if (!walk.count) return 0;
  memcpy(lastWalk.frames, walk.frames, walk.count * sizeof(u64));
  memcpy(lastWalk.stacks, walk.stacks, walk.count * sizeof(u64));
  lastWalk.count = walk.count;
  lock(&stacksLock);
  u32 number = number_of(&walk);
  unlock(&stacksLock);
  return number;
}

static void begin_sites_of_child(void) {
  stacksLock = 0;
  hasMaps = 0;
}
