/*
 * The threads of a trace. All are there before the first operation, on stacks that are mapped and touched by then, and
 * wait. Whoever has the baton runs, so that nothing ever happens at the same time. Thread 1 is the process's first one,
 * which also leads: it hands the baton to another and waits until it is given back.
 */
#include <linux/futex.h>
#include <pthread.h>

#define STACK_BYTES (16 * PAGE)

static struct thread {
  pthread_t id;
  u32 hasBaton;
} *threads; /* by number: from 2 on */
static u32 leaderHasBaton;

/* Operations of a trace, in order. */
struct stretch {
  u64 from, to;
};

/* What the thread that has the baton is to do: these operations, or none and end. */
static void (*work)(struct stretch);
static struct stretch current;
static int isLast;

static void give_baton(u32 *to) {
  __atomic_store_n(to, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, to, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static void await_baton(u32 *own) {
  while (!__atomic_exchange_n(own, 0, __ATOMIC_ACQUIRE)) syscall(SYS_futex, own, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
}

/* Of the thread that calls it. */
static void ask_to_be_traced(void) {
  if (ptrace(PTRACE_TRACEME, 0, 0, 0)) die("oracle: ptrace is not allowed\n");
  syscall(SYS_tgkill, getpid(), gettid(), SIGSTOP);
}

static int areTraced;

static void *live(void *own) {
  struct thread *self = own;
  if (areTraced) ask_to_be_traced();
  for (;;) {
    await_baton(&self->hasBaton);
    if (isLast) return 0;
    work(current);
    give_baton(&leaderHasBaton);
  }
}

static void work_in(u32 thread, struct stretch stretch) {
  if (thread == 1) {
    work(stretch);
    return;
  }
  current = stretch;
  give_baton(&threads[thread].hasBaton);
  await_baton(&leaderHasBaton);
}

/* Has a thread return, and waits until it is gone with all that it had cached. The first one has no end of its own. */
static void end_thread(u32 thread) {
  if (thread == 1) return;
  isLast = 1;
  give_baton(&threads[thread].hasBaton);
  pthread_join(threads[thread].id, 0);
  isLast = 0;
}

/* Makes the threads 2 to `count`, and has each take the baton once, so that it has been everywhere it goes. */
static void make_threads(u32 count, int isTraced, void (*worker)(struct stretch)) {
  work = worker;
  areTraced = isTraced;
  if (count < 2) return;
  threads = map_own((count + 1) * sizeof *threads);
  char *stacks = map_own(count * STACK_BYTES);
  for (u32 thread = 2; thread <= count; thread++) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stacks + (thread - 1) * STACK_BYTES, STACK_BYTES);
    if (pthread_create(&threads[thread].id, &attributes, live, &threads[thread])) die("oracle: cannot make a thread\n");
    work_in(thread, (struct stretch){0, 0});
  }
}
