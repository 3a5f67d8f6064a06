/*
 * Records what a program asks of its allocator. It is preloaded, and stands before the program's own malloc, which does
 * what it always does; only with ZEROPAGE_RECORD_HOW=touches do blocks of a page or more get pages of their own.
 *
 *      ZEROPAGE_RECORD       the folder that files go to
 *      ZEROPAGE_RECORD_HOW   "touches", "sites=N" with N frames at most, or both with a comma between them
 *
 * It allocates nothing by malloc, takes no lock where neither touches nor sites are asked for, and keeps no file open.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

/* What stands behind this library. */
static struct {
  void *(*malloc)(size_t);
  void *(*calloc)(size_t, size_t);
  void *(*realloc)(void *, size_t);
  void (*free)(void *);
  void *(*memalign)(size_t, size_t);
  void *(*aligned_alloc)(size_t, size_t);
  size_t (*usable_size)(void *);
  int (*trim)(size_t);
  int (*execvpe)(const char *, char *const[], char *const[]);
  int (*posix_spawn)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[], char *const[]);
  int (*posix_spawnp)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[], char *const[]);
} real;

static int try_lock(u32 *lock) { return !__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE); }
static void lock(u32 *lock) {
  while (!try_lock(lock)) sched_yield();
}
static void unlock(u32 *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

/* Where this library's code is, as the linker says. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));
static int is_own_code(u64 address) { return address >= (u64)__ehdr_start && address < (u64)etext; }

#include "file.h"
#include "sites.h"
#include "touches.h"
#include "spawn.h"

/* Looking up a function may allocate: such blocks come from here, and are never given back. */
#define EARLY_BYTES 65536
static char early[EARLY_BYTES] __attribute__((aligned(16)));
static size_t earlyUsed;

static int is_early(const void *block) { return (const char *)block >= early && (const char *)block < early + EARLY_BYTES; }

/* Its size is in the word before the block. */
static void *take_early(size_t bytes) {
  size_t room = (bytes + 31) & ~15ul;
  if (bytes > EARLY_BYTES || earlyUsed + room > EARLY_BYTES) return 0;
  size_t *at = (size_t *)(early + earlyUsed);
  earlyUsed += room;
  at[1] = bytes;
  return at + 2;
}

static void *move_early(void *block, size_t bytes) {
  void *moved = malloc(bytes);
  size_t held = ((size_t *)block)[-1];
  return moved ? memcpy(moved, block, held < bytes ? held : bytes) : 0;
}

static int has_real(void) {
  static int isLooking;
  if (__builtin_expect(real.posix_spawnp != 0, 1)) return 1;
  if (isLooking) return 0;
  isLooking = 1;
#define FIND(name, symbol) *(void **)&real.name = dlsym(RTLD_NEXT, symbol)
  FIND(malloc, "malloc"), FIND(calloc, "calloc"), FIND(realloc, "realloc"), FIND(free, "free");
  FIND(memalign, "memalign"), FIND(aligned_alloc, "aligned_alloc"), FIND(usable_size, "malloc_usable_size"), FIND(trim, "malloc_trim");
  FIND(execvpe, "execvpe"), FIND(posix_spawn, "posix_spawn"), FIND(posix_spawnp, "posix_spawnp");
#undef FIND
  isLooking = 0;
  return real.posix_spawnp != 0;
}

static pthread_key_t exitKey;

/* Destructors run in several rounds. The thread ends for us in the last, after those of others. */
static void on_exit_round(void *rounds) {
  if ((u64)rounds > 1) pthread_setspecific(exitKey, (void *)((u64)rounds - 1));
  else if (*state == AWAKE && thread < MOST_THREADS) write_record(EXIT, 0, 0, 0, 0);
}

static void number_thread(void) {
  if (syscall(SYS_gettid) == getpid()) thread = 1;
  else thread = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
  if (thread > MOST_THREADS) thread = MOST_THREADS;
  u32 wasBusy = isBusy;
  isBusy = 1; /* it may allocate */
  pthread_setspecific(exitKey, (void *)(u64)PTHREAD_DESTRUCTOR_ITERATIONS);
  isBusy = wasBusy;
}

static void before_fork(void) {
  look_last();
  lock(&blocksLock);
  lock(&stacksLock);
  if (*state == AWAKE) forkRecords = __atomic_load_n(&header->next, __ATOMIC_ACQUIRE);
  forkSites = stackCount;
}

static void after_fork(void) {
  unlock(&stacksLock);
  unlock(&blocksLock);
}

static void after_fork_in_child(void) {
  *state = ASLEEP;
  begin_sites_of_child();
  after_fork();
}

static void read_how(const char *how) {
  for (; *how; how++) {
    if (begins_with(how, "touches")) touchesAsked = sysconf(_SC_PAGESIZE) == PAGE;
    if (begins_with(how, "touches=each")) looksEachTime = 1;
    if (begins_with(how, "sites=")) mostFrames = (u32)atoi(how + 6);
  }
  if (mostFrames > MOST_FRAMES) mostFrames = MOST_FRAMES;
}

/* Once in a program: finds out what to do. */
static void read_orders(void) {
  keep_environment(environ);
  if (kept[1][0] && strlen(kept[1]) < PATH_BYTES) add_text(folder, strchr(kept[1], '=') + 1);
  if (kept[2][0]) read_how(strchr(kept[2], '=') + 1);
  pthread_key_create(&exitKey, on_exit_round);
  pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

static int begin(void) {
  static int hasOrders;
  if (!has_real() || !environ) return 0; /* the C library has not begun itself */
  int before = errno;
  isBusy = 1;
  if (!hasOrders) read_orders();
  hasOrders = 1;
  int hasBegun = begin_file();
  isBusy = 0;
  errno = before;
  return hasBegun;
}

static int is_recording(void) { return !isBusy && (__builtin_expect(*state == AWAKE, 1) || begin()); }

__attribute__((constructor)) static void begin_program(void) { is_recording(); }
__attribute__((destructor)) static void end_program(void) { look_last(); }

/* Begins to record an operation. */
static void enter(void) {
  isBusy = 1;
  look();
}

static void *leave(void *result) {
  isBusy = 0;
  return result;
}

/* A block with pages of its own, which is in the table after its record is in the file. */
static void *take_large(u32 kind, size_t align, size_t first, size_t second, size_t bytes) {
  Block *block = make_block(bytes, align);
  void *given = block ? pages_of(block) : 0;
  write_record(kind, find_site(), given, first, second);
  if (block) insert_block(block);
  else errno = ENOMEM;
  return leave(given);
}

static void *note(u32 kind, void *given, size_t first, size_t second) {
  write_record(kind, find_site(), given, first, second);
  return leave(given);
}

EXPORT void *malloc(size_t bytes) {
  if (!has_real()) return take_early(bytes);
  if (!is_recording()) return real.malloc(bytes);
  enter();
  if (is_large(bytes)) return take_large(MALLOC, 0, bytes, 0, bytes);
  return note(MALLOC, real.malloc(bytes), bytes, 0);
}

EXPORT void *calloc(size_t count, size_t bytes) {
  size_t total;
  int overflows = __builtin_mul_overflow(count, bytes, &total);
  if (!has_real()) return overflows ? 0 : take_early(total);
  if (!is_recording()) return real.calloc(count, bytes);
  enter();
  if (!overflows && is_large(total)) return take_large(CALLOC, 0, count, bytes, total);
  return note(CALLOC, real.calloc(count, bytes), count, bytes);
}

/* Frees a block that has pages of its own, and is out of the table. */
static void free_large(Block *large, int isRecorded) {
  if (isRecorded) {
    look_at_last(large);
    write_record(FREE, find_site(), pages_of(large), 0, 0);
  }
  give_back(large);
}

static Block *take_out(void *block) { return touchesAsked ? find_block(block, 1) : 0; }

EXPORT void free(void *block) {
  if (!block || is_early(block) || !has_real()) return;
  int isRecorded = is_recording();
  if (isRecorded) enter();
  Block *large = take_out(block);
  if (large) {
    free_large(large, isRecorded);
  } else {
    if (isRecorded) write_record(FREE, find_site(), block, 0, 0);
    real.free(block);
  }
  if (isRecorded) leave(0);
}

EXPORT void free_sized(void *block, size_t bytes) {
  (void)bytes;
  free(block);
}

EXPORT void free_aligned_sized(void *block, size_t align, size_t bytes) {
  (void)align, (void)bytes;
  free(block);
}

/* A block with or without pages of its own goes on as another. */
typedef struct {
  Block *from, *to;
} Move;

/* Does what realloc does where one of the two has pages of its own. The old block stays for now. */
static void *move_large(Move *move, void *block, size_t bytes) {
  move->to = is_large(bytes) ? make_block(bytes, 0) : 0;
  void *to = move->to ? pages_of(move->to) : is_large(bytes) ? 0 : real.malloc(bytes);
  if (!to) return 0;
  if (move->from && move->to) move_pages(move->from, move->to);
  else if (move->to) fill_pages(move->to, block, real.usable_size(block));
  else memcpy(to, block, bytes < move->from->bytes ? bytes : move->from->bytes);
  return to;
}

/* After the records: the new block can be looked at, and the old one is gone. */
static void finish_move(Move *move, void *block, void *to) {
  if (!to) {
    if (move->from) insert_block(move->from);
    errno = ENOMEM;
    return;
  }
  if (move->to) insert_block(move->to);
  if (move->from) give_back(move->from);
  else real.free(block);
}

EXPORT void *realloc(void *block, size_t bytes) {
  if (!block) return malloc(bytes);
  if (is_early(block)) return move_early(block, bytes);
  int isRecorded = is_recording();
  if (isRecorded) enter();
  Move move = {take_out(block), 0};
  if (move.from && !bytes) {
    free_large(move.from, isRecorded);
    return isRecorded ? leave(0) : 0;
  }
  int moves = move.from || is_large(bytes);
  u32 site = isRecorded ? find_site() : 0;
  if (isRecorded && move.from) look_at_last(move.from);
  if (isRecorded) write_record(REALLOC_BEGINS, site, block, bytes, 0);
  void *given = moves ? move_large(&move, block, bytes) : real.realloc(block, bytes);
  if (isRecorded) write_record(REALLOC, site, given, bytes, (u64)block);
  if (moves) finish_move(&move, block, given);
  return isRecorded ? leave(given) : given;
}

EXPORT void *reallocarray(void *block, size_t count, size_t bytes) {
  size_t total;
  if (!__builtin_mul_overflow(count, bytes, &total)) return realloc(block, total);
  errno = ENOMEM;
  return 0;
}

static void *take_aligned(void *(*function)(size_t, size_t), size_t align, size_t bytes) {
  if (!is_recording()) return function(align, bytes);
  enter();
  if (is_large(bytes) && !(align & (align - 1))) return take_large(ALIGNED, align, bytes, align, bytes);
  return note(ALIGNED, function(align, bytes), bytes, align);
}

EXPORT void *memalign(size_t align, size_t bytes) {
  if (!has_real()) return align <= 16 ? take_early(bytes) : 0;
  return take_aligned(real.memalign, align, bytes);
}

EXPORT void *aligned_alloc(size_t align, size_t bytes) {
  return has_real() ? take_aligned(real.aligned_alloc, align, bytes) : 0;
}

EXPORT void *valloc(size_t bytes) { return memalign(PAGE, bytes); }
EXPORT void *pvalloc(size_t bytes) { return memalign(PAGE, pages_for(bytes) * PAGE); }

EXPORT int posix_memalign(void **given, size_t align, size_t bytes) {
  if (align % sizeof(void *) || !align || (align & (align - 1))) return EINVAL;
  int before = errno;
  void *block = has_real() ? memalign(align, bytes) : 0;
  errno = before;
  if (block) *given = block;
  return block ? 0 : ENOMEM;
}

EXPORT size_t malloc_usable_size(void *block) {
  if (!block || is_early(block)) return block ? ((size_t *)block)[-1] : 0;
  Block *large = touchesAsked ? find_block(block, 0) : 0;
  return large ? large->bytes : has_real() ? real.usable_size(block) : 0;
}

EXPORT int malloc_trim(size_t pad) {
  if (!has_real() || !real.trim) return 0;
  if (is_recording()) {
    enter();
    write_record(TRIM, find_site(), 0, pad, 0);
    leave(0);
  }
  return real.trim(pad);
}

EXPORT __attribute__((noreturn)) void _exit(int status) {
  look_last();
  for (;;) syscall(SYS_exit_group, status);
}

EXPORT __attribute__((noreturn)) void _Exit(int status) { _exit(status); }
