/*
 * Reads or writes a byte of each page, for programs whose faults are counted.
 *
 * One page is done before the next begins. A processor runs ahead: while the write to the first page of a huge one waits for its
 * fault, it would look up pages behind it, find them read-only, and remember that. Each such page is another fault, which the
 * kernel counts and has nothing to do for: three to six on Intel under KVM.
 */
static volatile char sink;

static void one_at_a_time(void) {
#ifdef __x86_64__
  __builtin_ia32_lfence();
#endif
}

static void touch(char *at, word count, int writes) {
  for (word i = 0; i < count; i++) {
    if (writes) *(volatile char *)(at + i * PAGE) = 1;
    else sink = *(volatile char *)(at + i * PAGE);
    one_at_a_time();
  }
}
