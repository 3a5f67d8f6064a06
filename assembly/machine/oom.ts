/**
 * Who is ended when frames run out and nothing can be reclaimed, if the machine is told so: as Linux's OOM killer, the process
 * with most, so that the others may go on. That is looked at when somebody asks for frames:
 *
 *      resident pages of each process, and of the running one also the frames that were free until now: it has taken them
 *      the most is ended; of several with as many, the one with the highest number
 *
 *      another one    its memory is given back, and the running process goes on
 *      the running    an exception: the host ends it, and the next one runs
 *      the only one   is not ended: memory is out, as if nobody were killed
 *
 * Page tables and oom_score_adj, which Linux counts in, are not here. A process that is killed is noted:
 *
 *      NOTES   words that follow │ number │ resident pages │ number of who asked │ number │ …       u64 each
 */
import { Exception } from "../shared/failure";
import { MOST_PROCESSES } from "../shared/records";
import { freeFrames, setKiller } from "./events";
import { raise } from "./failure";
import { holders } from "./holders";
import { pageShift } from "./layout";
import { isProcess, kill } from "./processes";
import { current, enter, enterNumber, numberAbove } from "./spaces";

/** Only the first are noted. */
const MOST_WORDS: u64 = 3 * 1024;
const NOTES: usize = memory.data(8 + 24 * 1024, 8);

/** Has processes be killed. `ended` is told the number of each that did not run. Before the machine starts. */
export function killLargest(): void {
  setKiller(killOne);
}

let onEnd: (number: u32) => void = nobody;

function nobody(number: u32): void {
  assert(number != 0, "a process has a number");
}

/** Sets who is told the number of each process that is ended while another one runs. */
export function tell(ended: (number: u32) => void): void {
  onEnd = ended;
}

/** Ends a process. Returns whether one was; an exception if it is the running one. */
function killOne(): bool {
  if (!numberAbove(numberAbove(0))) return false;
  const running = current.number;
  const victim = largest();
  note(victim, running);
  if (victim == running) raise(Exception.Killed, victim, most << pageShift);
  kill(victim);
  onEnd(victim);
  return true;
}

/** Pages of the largest process. */
let most: u64 = 0;

function largest(): u32 {
  const running = current;
  let victim: u32 = 0;
  most = 0;
  for (let number = numberAbove(0); number; number = numberAbove(number)) {
    enterNumber(number);
    const pages = residentPages() + (current == running ? freeFrames() : 0);
    if (pages < most) continue;
    most = pages;
    victim = number;
  }
  enter(running);
  return victim;
}

/** Pages of the current space with a frame, its own or shared. */
function residentPages(): u64 {
  const words = holders();
  let pages: u64 = 0;
  for (let at = words + 8; at <= words + 8 * <usize>MOST_PROCESSES; at += 8) pages += load<u64>(at);
  return pages;
}

function note(victim: u32, running: u32): void {
  const words = load<u64>(NOTES);
  if (words == MOST_WORDS) return;
  const at = NOTES + 8 * <usize>words;
  store<u64>(at, victim, 8);
  store<u64>(at, most, 16);
  store<u64>(at, running, 24);
  store<u64>(NOTES, words + 3);
}

/** Address of the notes. */
export function notes(): usize {
  return NOTES;
}

// ---- Traces ----

/** Raises the exception of a process that was killed, if it was. */
export function requireAlive(number: u64): void {
  if (isProcess(<u32>min<u64>(number, MOST_PROCESSES))) return;
  const end = NOTES + 8 * <usize>load<u64>(NOTES);
  for (let at = NOTES; at < end; at += 24) {
    if (load<u64>(at, 8) == number) raise(Exception.Killed, number, load<u64>(at, 16) << pageShift);
  }
}

/** The same of all below a number: one of them would run in its place. */
export function requireAllAlive(below: u32): void {
  for (let number: u32 = 1; number < below; number++) requireAlive(number);
}
