/*
 * Which pages of large blocks the program touches. Each block of a page or more has pages of its own, new from the kernel,
 *
 *      ├─────────────────┼──────────────────────────────┤
 *      │ Block, states   │ the program's pages          │
 *      └─────────────────┴──────────────────────────────┘
 *                        the block's address
 *
 * and the kernel tells which of them have a frame: /proc/self/pagemap has, of a page that was written, one of the
 * process's own; of a page that was only read, the zero page. Some kernels have none, and give that a frame too: this is found out
 * and said. No page is protected, so that the program's signals and system calls do what they always do. One looks before
 * operations, as often as it takes an eighth of the time, or before each if that is asked for, and before a block ends; so a
 * touch may stand a little later than it was, and none is lost but those before a crash. Where pages are larger, no touches
 * are recorded.
 */
#define PAGE 4096ul
#define PRESENT (1ul << 63)
#define SWAPPED (1ul << 62)
#define OWN (1ul << 56)
#define MOST_ENTRIES 512
#define LARGEST (1ul << 46)
#define LOOKING_SHARE 8

enum { UNTOUCHED, WAS_READ, WAS_WRITTEN };

typedef struct {
  u64 bytes;
  u64 pages;
  u64 unwritten; /* pages of which there is something to learn */
  u64 below; /* bytes from where the mapping begins to the program's pages */
  u8 states[];
} Block;

static int touchesAsked;
static int looksEachTime; /* before every operation, however long it takes */
static Block **blocks; /* all of them, by the hash of their address; 0 is an empty place */
static u64 blocksRoom;
static u64 blockCount;
static u32 blocksLock;
static u64 nextLook; /* the time before which none is due */

static u64 pages_for(u64 bytes) { return (bytes + PAGE - 1) / PAGE; }
static char *pages_of(Block *block) { return (char *)block + block->below; }
static int is_large(u64 bytes) { return touchesAsked && bytes >= PAGE && bytes < LARGEST; }
static u64 home_of(const void *pages) { return ((u64)pages / PAGE * 0x9e3779b97f4a7c15ul >> 20) & (blocksRoom - 1); }

/* Where a block is in the table, or the empty place where it would be. */
static u64 find_place(const void *pages) {
  u64 index = home_of(pages);
  while (blocks[index] && pages_of(blocks[index]) != pages) index = (index + 1) & (blocksRoom - 1);
  return index;
}

static int grow_blocks(void) {
  Block **before = blocks;
  u64 room = blocksRoom, wanted = room ? 2 * room : PAGE;
  void *made = mmap(0, wanted * sizeof(Block *), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) return 0;
  blocks = made, blocksRoom = wanted;
  for (u64 i = 0; i < room; i++)
    if (before[i]) blocks[find_place(pages_of(before[i]))] = before[i];
  if (before) munmap(before, room * sizeof(Block *));
  return 1;
}

static void insert_block(Block *block) {
  lock(&blocksLock);
  if (2 * blockCount < blocksRoom || grow_blocks()) {
    blocks[find_place(pages_of(block))] = block;
    blockCount++;
  }
  unlock(&blocksLock);
}

/* Empties a place, and moves forward what could not be found behind the gap. */
static void close_gap(u64 hole) {
  u64 mask = blocksRoom - 1;
  for (u64 index = (hole + 1) & mask; blocks[index]; index = (index + 1) & mask) {
    u64 home = home_of(pages_of(blocks[index]));
    if (((index - home) & mask) < ((index - hole) & mask)) continue;
    blocks[hole] = blocks[index];
    hole = index;
  }
  blocks[hole] = 0;
}

/* The block at an address, or 0 if it is none of these. Takes it out of the table if it is to end. */
static Block *find_block(const void *pages, int ends) {
  if (!pages || (u64)pages % PAGE || !blocksRoom) return 0;
  lock(&blocksLock);
  u64 place = find_place(pages);
  Block *found = blocks[place];
  if (found && ends) close_gap(place), blockCount--;
  unlock(&blocksLock);
  return found;
}

/* Makes a block, all of whose pages are untouched. Returns 0 if there is no memory. */
static Block *make_block(u64 bytes, u64 align) {
  u64 pages = pages_for(bytes), below = pages_for(sizeof(Block) + pages) * PAGE;
  if (align > PAGE) below = (below + align - 1) & ~(align - 1);
  u64 slack = align > PAGE ? align : 0, total = below + pages * PAGE + slack;
  char *made = mmap(0, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (made == MAP_FAILED) return 0;
  char *from = slack ? (char *)(((u64)made + slack - 1) & ~(slack - 1)) : made, *to = from + total - slack;
  if (from > made) munmap(made, (u64)(from - made));
  if (to < made + total) munmap(to, (u64)(made + total - to));
  madvise(from, (u64)(to - from), MADV_NOHUGEPAGE); /* a touch is one of a page */
  Block *block = (Block *)from;
  block->bytes = bytes, block->pages = block->unwritten = pages, block->below = below;
  return block;
}

static void give_back(Block *block) { munmap(block, block->below + block->pages * PAGE); }

/* What an entry of the pagemap says of a page, of which something was known. */
static u8 state_of(u64 entry, u8 known) {
  if (entry & SWAPPED || (entry & PRESENT && entry & OWN)) return WAS_WRITTEN;
  return entry & PRESENT && known == UNTOUCHED ? WAS_READ : known;
}

/* Writes that the pages [from, to) were touched, without what is above the block's end. */
static void write_touch(Block *block, u64 from, u64 to, u8 how) {
  u64 end = to * PAGE < block->bytes ? to * PAGE : block->bytes;
  write_record(how == WAS_READ ? READ : WRITE, 0, pages_of(block), from * PAGE, end - from * PAGE);
}

/* Writes, run by run, what is new in some of a block's pages. */
static void note_entries(Block *block, u64 first, const u64 *entries, u64 count) {
  for (u64 i = 0; i < count;) {
    u8 *states = block->states + first, how = state_of(entries[i], states[i]);
    u64 from = i;
    for (; i < count && how != states[i] && state_of(entries[i], states[i]) == how; i++) states[i] = how;
    if (i == from) {
      i++;
      continue;
    }
    if (how == WAS_WRITTEN) block->unwritten -= i - from;
    write_touch(block, first + from, first + i, how);
  }
}

static void look_at(Block *block, int pagemap) {
  u64 entries[MOST_ENTRIES];
  for (u64 at = 0; at < block->pages; at += MOST_ENTRIES) {
    u64 count = block->pages - at < MOST_ENTRIES ? block->pages - at : MOST_ENTRIES;
    off_t from = (off_t)(((u64)pages_of(block) / PAGE + at) * sizeof(u64));
    if (pread(pagemap, entries, count * sizeof(u64), from) != (ssize_t)(count * sizeof(u64))) return;
    note_entries(block, at, entries, count);
  }
}

/* Whether the kernel gives a page that is only read a frame of the process's own: tried once. */
static int reads_take_frames(int pagemap) {
  static int answer = -1;
  if (answer >= 0) return answer;
  volatile char *page = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 0;
  u64 entry = (u64)page[0];
  if (pread(pagemap, &entry, sizeof entry, (off_t)((u64)page / PAGE * sizeof entry)) != sizeof entry) entry = 0;
  munmap((void *)page, PAGE);
  return answer = state_of(entry, UNTOUCHED) == WAS_WRITTEN;
}

static int open_pagemap(void) {
  int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (!header) return file;
  if (file < 0) header->touchesStopped = (u32)errno;
  else if (reads_take_frames(file)) header->touchesStopped = READS_TAKE_FRAMES;
  return file;
}

/* Writes what was touched of a block that ends. */
static void look_at_last(Block *block) {
  if (!block->unwritten) return;
  int before = errno, pagemap = open_pagemap();
  if (pagemap >= 0) {
    look_at(block, pagemap);
    close(pagemap);
  }
  errno = before;
}

/* Writes all that was touched since one looked last. The lock is held. */
static void look_at_all(void) {
  int before = errno, pagemap = open_pagemap();
  if (pagemap >= 0) {
    for (u64 i = 0; i < blocksRoom; i++)
      if (blocks[i] && blocks[i]->unwritten) look_at(blocks[i], pagemap);
    close(pagemap);
  }
  errno = before;
}

/* Looks if it is due. What a look took is CPU time, as the thread may have to wait in it. */
static void look(void) {
  if (!touchesAsked || !blockCount) return;
  if (!looksEachTime && now() < __atomic_load_n(&nextLook, __ATOMIC_RELAXED)) return;
  if (!try_lock(&blocksLock)) return;
  u64 start = read_clock(CLOCK_THREAD_CPUTIME_ID);
  look_at_all();
  u64 took = read_clock(CLOCK_THREAD_CPUTIME_ID) - start;
  __atomic_store_n(&nextLook, now() + (LOOKING_SHARE - 1) * took, __ATOMIC_RELAXED);
  unlock(&blocksLock);
}

/* Looks before the program ends, or becomes another. */
static void look_last(void) {
  if (!touchesAsked || isBusy || *state != AWAKE) return;
  isBusy = 1;
  lock(&blocksLock);
  look_at_all();
  unlock(&blocksLock);
  isBusy = 0;
}

/* Copies what a block holds to where it goes on. What it did not touch stays untouched, and what is copied is not news. */
static void move_pages(Block *from, Block *to) {
  u64 bytes = from->bytes < to->bytes ? from->bytes : to->bytes;
  for (u64 page = 0; page * PAGE < bytes; page++) {
    u64 left = bytes - page * PAGE;
    to->states[page] = from->states[page];
    if (from->states[page] != WAS_WRITTEN) continue;
    to->unwritten--;
    memcpy(pages_of(to) + page * PAGE, pages_of(from) + page * PAGE, left < PAGE ? left : PAGE);
  }
}

/* Copies bytes to where a block that had no pages of its own goes on. */
static void fill_pages(Block *to, const void *from, u64 bytes) {
  if (bytes > to->bytes) bytes = to->bytes;
  memcpy(pages_of(to), from, bytes);
  memset(to->states, WAS_WRITTEN, pages_for(bytes));
  to->unwritten -= pages_for(bytes);
}
