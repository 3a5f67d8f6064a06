/*
 * Sees every byte that malloc's functions set to zero, and whether it was zero before.
 *
 * Calls of memset are seen by putting a function of our own where the C library keeps the address of the memset that
 * it chose for this CPU. What it clears by stores of its own is seen by keeping the heap read-only meanwhile: each
 * store faults, is repeated alone over bytes of a pattern, and so shows which bytes it sets and to what. A store that
 * is not of zeros is taken back and done again on what was there. Memory by which the break grows meanwhile is
 * read-only too.
 *
 * A clear is bytes in a row, longer than a pair of links, that stores of zeros set with no other store in between, in
 * any order and some of them twice.
 */
#include <dlfcn.h>
#include <link.h>

#define PATTERN 0xa5
/* No store is wider than this. */
#define WIDEST 64ul
#define TRAP_FLAG 0x100
#define LEAST_CLEAR 24ul
/* The only clears of so many bytes that are made of stores: the tcache's own struct, and that of 2.43. */
#define TCACHE_BYTES 640ul
#define TCACHE_BYTES_243 760ul

struct clears {
  u64 bytes;
  u64 needless; /* that were zero before */
};

/* Volatile is what handlers change or read in the middle of malloc, which the compiler takes to know nothing of it. */
static volatile struct clears seenClears;
/*
 * What stores set to zero since the last other store, within REACH of the first of them: by byte, whether it was zero
 * before the first store, and how many there were. One clear may set a word twice. But the second word of a block, a
 * key, may be set to zero before all of the block is: then it has one store more than the word behind it.
 */
#define REACH 1024l
enum { NEEDLESS = 1, ONE_STORE = 2, ALL_STORES = 0xfe };
static unsigned char zeros[2 * REACH];
static char *volatile zerosMiddle;
static char *watchStart;
static char *volatile watchEnd;
/* Calls other than calloc clear the tcache only; they may copy zeros. */
static volatile int isWatching, isTcacheMade, mayClear;
static struct {
  unsigned char *at;
  u64 bytes;
  unsigned char before[WIDEST];
  gregset_t registers;
  int isAgain;
} step;
static void *(*chosenMemset)(void *, int, size_t);

static void protect(char *from, char *to, int protection) {
  u64 start = (u64)from & ~(PAGE - 1), end = ((u64)to + PAGE - 1) & ~(PAGE - 1);
  if (end > start && mprotect((void *)start, end - start, protection)) die("oracle: cannot protect the heap\n");
}

static u64 zeroes_in(const unsigned char *at, u64 bytes) {
  u64 count = 0;
  for (; bytes >= 8 && *(const u64 *)at == 0; bytes -= 8, at += 8) count += 8;
  for (; bytes; bytes--) count += !*at++;
  return count;
}

static void end_clear(void) {
  if (!zerosMiddle) return;
  for (u64 from = 0, to; from < sizeof zeros; from = to + 1) {
    for (to = from; to < sizeof zeros && zeros[to];) to++;
    u64 bytes = to - from;
    int isTcache = (bytes == TCACHE_BYTES || bytes == TCACHE_BYTES_243) && !isTcacheMade;
    if (!isTcache && (bytes < LEAST_CLEAR || !mayClear)) continue;
    seenClears.bytes += bytes;
    for (u64 at = from; at < to; at++) {
      int isKey = !isTcache && at - from >= 8 && at - from < 16;
      int wasCleared = isKey && (zeros[at] & ALL_STORES) > (zeros[from + 16] & ALL_STORES);
      seenClears.needless += wasCleared || (zeros[at] & NEEDLESS);
    }
    isTcacheMade |= isTcache;
  }
  memset(zeros, 0, sizeof zeros);
  zerosMiddle = 0;
}

static void note_zeros(char *at, const unsigned char *before, u64 bytes) {
  long from = at - zerosMiddle;
  if (zerosMiddle && (from < -REACH || from + (long)bytes > REACH)) end_clear();
  if (!zerosMiddle) zerosMiddle = at;
  unsigned char *to = zeros + REACH + (at - zerosMiddle);
  for (u64 i = 0; i < bytes; i++) {
    if (!to[i]) to[i] = before[i] ? 0 : NEEDLESS;
    if (to[i] < ALL_STORES) to[i] += ONE_STORE;
  }
}

/* A store to the heap is about to happen: have it happen alone, over the pattern. */
static void on_store(int signal, siginfo_t *info, void *context) {
  gregset_t *registers = &((ucontext_t *)context)->uc_mcontext.gregs;
  char *at = info->si_addr;
  if (!isWatching || at < watchStart || at >= watchEnd) {
    sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, 0);
    return;
  }
  step.at = (unsigned char *)at;
  step.bytes = (u64)(watchEnd - at) < WIDEST ? (u64)(watchEnd - at) : WIDEST;
  step.isAgain = 0;
  memcpy(step.registers, *registers, sizeof step.registers);
  protect(at, at + step.bytes, PROT_READ | PROT_WRITE);
  memcpy(step.before, step.at, step.bytes);
  memset(step.at, PATTERN, step.bytes);
  (*registers)[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  gregset_t *registers = &((ucontext_t *)context)->uc_mcontext.gregs;
  if (!step.isAgain) {
    u64 width = 0, rest;
    while (width < step.bytes && step.at[width] == 0) width++;
    for (rest = width; rest < step.bytes && step.at[rest] == PATTERN;) rest++;
    int isOfZeros = width && rest == step.bytes;
    u64 kept = isOfZeros ? width : 0;
    memcpy(step.at + kept, step.before + kept, step.bytes - kept);
    if (!isOfZeros) {
      end_clear();
      step.isAgain = 1;
      memcpy(*registers, step.registers, sizeof step.registers);
      (*registers)[REG_EFL] |= TRAP_FLAG;
      return;
    }
    note_zeros((char *)step.at, step.before, width);
  }
  (*registers)[REG_EFL] &= ~TRAP_FLAG;
  protect((char *)step.at, (char *)step.at + step.bytes, PROT_READ);
}

/* A call of brk, which is done here. Its second argument says so. */
static void on_call(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  gregset_t *registers = &((ucontext_t *)context)->uc_mcontext.gregs;
  char *end = (char *)syscall(SYS_brk, (*registers)[REG_RDI], OWN_CALL);
  if (isWatching && end > watchEnd) protect(watchEnd, end, PROT_READ);
  watchEnd = end;
  (*registers)[REG_RAX] = (greg_t)end;
}

static void *watched_memset(void *at, int value, size_t bytes) {
  if (!isWatching) return chosenMemset(at, value, bytes);
  if (!value) {
    end_clear();
    seenClears.bytes += bytes;
    seenClears.needless += zeroes_in(at, bytes);
  }
  protect(watchStart, watchEnd, PROT_READ | PROT_WRITE);
  chosenMemset(at, value, bytes);
  protect(watchStart, watchEnd, PROT_READ);
  return at;
}

/* Puts our memset where an object keeps the one that was chosen. */
static int redirect_memset(struct dl_phdr_info *object, size_t size, void *count) {
  (void)size;
  u64 relocations = 0, bytes = 0;
  if (!strstr(object->dlpi_name, "libc.so")) return 0;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    if (object->dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    const ElfW(Dyn) *entry = (const void *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
    for (; entry->d_tag; entry++) {
      if (entry->d_tag == DT_JMPREL) relocations = entry->d_un.d_ptr;
      if (entry->d_tag == DT_PLTRELSZ) bytes = entry->d_un.d_val;
    }
  }
  for (const ElfW(Rela) *one = (const void *)relocations; (u64)one < relocations + bytes; one++) {
    void **slot = (void **)(object->dlpi_addr + one->r_offset);
    if (*slot != (void *)chosenMemset) continue;
    protect((char *)slot, (char *)(slot + 1), PROT_READ | PROT_WRITE);
    *slot = (void *)watched_memset;
    ++*(int *)count;
  }
  return 0;
}

static void prepare_watch(char *heap) {
  int slots = 0;
  watchStart = watchEnd = heap;
  chosenMemset = dlsym(RTLD_DEFAULT, "memset");
  dl_iterate_phdr(redirect_memset, &slots);
  if (slots != 1) die("oracle: cannot find the C library's own memset\n");
  handle(SIGSEGV, on_store);
  handle(SIGTRAP, on_step);
  trap_call(SYS_brk, on_call);
}

static void begin_watch(int isCalloc) {
  mayClear = isCalloc;
  seenClears.bytes = seenClears.needless = 0;
  protect(watchStart, watchEnd, PROT_READ);
  isWatching = 1;
}

static struct clears end_watch(void) {
  isWatching = 0;
  end_clear();
  protect(watchStart, watchEnd, PROT_READ | PROT_WRITE);
  return (struct clears){seenClears.bytes, seenClears.needless};
}
