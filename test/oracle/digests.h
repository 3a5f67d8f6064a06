/*
 * What memory holds, as digests: each block before it is freed or resized, and when it was just handed out; at the end
 * all blocks, and the heap with all that malloc keeps there.
 *
 * The key that marks cached chunks is random, and is made the model's: getrandom is answered here, and what a newer
 * release has drawn when the process started counts as the model's. Links to bins lead
 * to the C library, which in the model lies elsewhere: its addresses agree but for a byte that is 0xf0 or more in both,
 * and all such bytes count as one.
 */

/* assembly/allocators/glibc/tcache.ts: KEY. */
#define MODEL_KEY 0x5a474c4942434b31ul
#define FNV_PRIME 0x100000001b3ul
#define HIGH_BITS 0x8080808080808080ul

/* The key drawn before this process could answer; 0 before it is known. */
static u64 earlyKey;

/* A word whose bytes from 0xf0 on are 0xf0. */
static u64 folded(u64 word) {
  if (earlyKey && word == earlyKey) word = MODEL_KEY;
  u64 high = word & (word << 1) & (word << 2) & (word << 3) & HIGH_BITS;
  return word & ~((high >> 7) * 15);
}

/* As assembly/check-abi.ts makes it. The address is a multiple of 8. */
static u64 digest(const char *from, u64 bytes) {
  u64 hash = bytes;
  for (u64 at = 0; at < bytes; at += 8) {
    u64 word = *(const u64 *)(from + at), left = bytes - at;
    hash = (hash ^ folded(left < 8 ? word & ((1ul << (8 * left)) - 1) : word)) * FNV_PRIME;
  }
  return hash;
}

/*
 * Writes bytes that tell which operation wrote them, and where: equal ones in runs, each twice as long as the one
 * before. None is zero, none 0xf0 or more.
 */
static void paint(char *at, u64 bytes, u64 operation) {
  for (u64 from = 0, length = 1; from < bytes; from += length, length *= 2, operation++) {
    u64 left = bytes - from;
    memset(at + from, 1 + operation % 0xef, left < length ? left : length);
  }
}

/* Answers getrandom with the key. */
static void on_random(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  gregset_t *registers = &((ucontext_t *)context)->uc_mcontext.gregs;
  const u64 key = MODEL_KEY;
  u64 length = (u64)(*registers)[REG_RSI];
  memcpy((void *)(*registers)[REG_RDI], &key, length < sizeof key ? length : sizeof key);
  (*registers)[REG_RAX] = (greg_t)length;
}

/* Has another process cache a block, so that the heap of this one stays fresh. */
static u64 find_early_key(void) {
  int ends[2];
  if (pipe(ends)) die("oracle: cannot ask for the key\n");
  pid_t other = fork();
  if (other == 0) {
    u64 *volatile block = __libc_malloc(24);
    __libc_free(block);
    u64 key = ((volatile u64 *)(u64)block)[1];
    _exit(write(ends[1], &key, sizeof key) != sizeof key);
  }
  close(ends[1]);
  u64 key = 0; /* where every block is a mapping, none is cached, and the other process fails */
  if (read(ends[0], &key, sizeof key) != sizeof key) key = 0;
  waitpid(other, 0, 0);
  close(ends[0]);
  return key;
}

static void prepare_digests(void) {
  earlyKey = find_early_key();
  trap_call(SYS_getrandom, on_random);
}
