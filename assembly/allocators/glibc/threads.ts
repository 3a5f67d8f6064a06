/**
 * The threads. What the running one has of its own, its tcache and its arena, is in the globals of tcache.ts and
 * arenas.ts; that of the others is in their records. The first thread has number 1.
 */
import { reserveOwn } from "../../machine/frames";
import { MOST_THREADS } from "../../shared/records";
import {
  ArenaOfThread,
  becomeMany,
  beginThread as beginWithoutArena,
  endThread as leaveArena,
} from "./arenas";
import { headOf, MMAPPED, toChunk, withoutFlags } from "./chunk";
import { unmapEnded } from "./heap";
import { releaseUncached } from "./release";
import * as tcache from "./tcache";
import { TcacheOfThread } from "./tcache";

const FIRST: u32 = 1;

@unmanaged
class Thread {
  tcache: TcacheOfThread;
  arena: ArenaOfThread;
}

/** Addresses of the records, by number. Made with the second thread. */
let table: usize = 0;
export let running: u32 = FIRST;
/** The running thread has ended, and no other has run since. */
let hasEnded: bool = false;
/** The highest number so far. */
export let highest: u32 = FIRST;

function recordOf(number: u32): Thread | null {
  return changetype<Thread | null>(load<usize>(table + ((<usize>number) << 2)));
}

function makeRecord(number: u32): Thread {
  const thread = changetype<Thread>(reserveOwn(offsetof<Thread>()));
  thread.tcache = changetype<TcacheOfThread>(reserveOwn(offsetof<TcacheOfThread>()));
  thread.arena = changetype<ArenaOfThread>(reserveOwn(offsetof<ArenaOfThread>()));
  store<usize>(table + ((<usize>number) << 2), changetype<usize>(thread));
  return thread;
}

/** Whether a thread of this number has run. */
export function hasRun(number: u32): bool {
  return number == running || (table != 0 && recordOf(number) != null);
}

/** Address of the tcache of a thread that has run; 0 if it has none. */
export function tcacheOf(number: u32): u64 {
  return number == running ? tcache.struct : (recordOf(number) as Thread).tcache.struct;
}

/** What follows is done by the thread of this number. */
export function run(number: u32): void {
  if (isDefined(ZP_CHECK))
    assert(number > 0 && number <= <u32>MOST_THREADS, "threads have numbers from 1 on");
  if (number == running) return;
  if (!table) {
    table = reserveOwn(4 * (MOST_THREADS + 1));
    makeRecord(FIRST);
    becomeMany();
  }
  leaveRunning();
  running = number;
  highest = max(highest, number);
  const coming = recordOf(number);
  if (coming) {
    coming.tcache.restore();
    coming.arena.restore();
  } else {
    makeRecord(number);
    tcache.beginThread();
    beginWithoutArena();
  }
}

/** Keeps what the running thread has, unless it has ended: a thread of its number would be another one. */
function leaveRunning(): void {
  const leaving = recordOf(running) as Thread;
  leaving.tcache.save();
  leaving.arena.save();
  if (hasEnded) store<usize>(table + ((<usize>running) << 2), 0);
  hasEnded = false;
}

/** The thread of this number ends. The first one never does so: what it leaves stays until the process ends. */
export function end(number: u32): void {
  if (number == FIRST) return;
  const before = running;
  run(number);
  emptyTcache();
  leaveArena();
  hasEnded = true;
  run(before);
}

/** Frees all that the tcache has, and then its struct. */
function emptyTcache(): void {
  const struct = tcache.endThread();
  if (!struct) return;
  for (let bin: u64 = 0; bin < tcache.BINS; bin++) {
    for (let pointer = tcache.takeOfEnded(struct, bin); pointer; pointer = tcache.takeOfEnded(struct, bin)) {
      release(toChunk(pointer));
    }
  }
  release(toChunk(struct));
}

function release(chunk: u64): void {
  const head = headOf(chunk);
  if (head & MMAPPED) unmapEnded(chunk, head);
  else releaseUncached(chunk, head, withoutFlags(head));
}
