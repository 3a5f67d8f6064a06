/**
 * The collector marks and sweeps, in steps. An object is white until a collection reaches it, and black from then on.
 * Black ones whose members are yet to be marked are on the gray list (Dijkstra et al. 1978).
 *
 *      Idle ──▶ Mark ──▶ Sweep ──▶ Idle
 *
 *      Mark     makes the roots gray, then marks the members of what is gray, one object a step. When nothing is gray,
 *               it looks at the roots and the stack again, and marks what that makes gray at once. Then the colors
 *               change places: what was reached is white, as are new objects.
 *      Sweep    goes through the list of all objects, one a step, and frees those that are black.
 *
 * While it marks, `link` makes gray what is stored into a black object. So when it ends, no black object refers to a
 * white one; only the roots and the stack may, which are looked at then. New objects are put at the head of the list,
 * where the sweep has been. Static objects are on no list: they are never freed. Nothing moves.
 */
import { calloc, free, malloc, malloc_usable_size, realloc } from "../heap/heap";
import { BOTH_COLORS, HEADER_BYTES, Managed, MOST_BYTES, ONE_COLOR, objectAt } from "./objects";
import { addPin, pinAt, pinCount, removePin } from "./pins";

enum State {
  Idle,
  Mark,
  Sweep,
}

let state: i32 = State.Idle;
let white: usize = ONE_COLOR;
let gray: Managed | null = null;
/** Its `next` is the first of all objects. */
const HEAD = memory.data(16, 16);
/** The last object that the sweep has left where it is, or HEAD. */
let swept: usize = 0;
/** Bytes of all objects that are not static. */
let total: usize = 0;

/** Makes a white object gray, or black where it has no members. */
function shade(object: Managed): void {
  const black = BOTH_COLORS - white;
  if (object.color == black) return;
  object.color = black;
  if (!object.hasMembers) return;
  object.gray = gray;
  gray = object;
}

function shadeRoots(): void {
  __visit_globals(0);
  for (let i: u32 = 0; i < pinCount; i++) shade(objectAt(pinAt(i)));
}

/** The compiler keeps references that are in use on a stack between the statics and the heap. */
function shadeStack(): void {
  for (let at: usize = __stack_pointer; at < __heap_base; at += sizeof<usize>()) visit(load<usize>(at));
}

/** Called for each member of an object, and each global, that is a reference. */
export function visit(reference: usize): void {
  if (reference) shade(objectAt(reference));
}

/** Does a step. Returns its work, as bytes of objects. Afterwards the state is Idle if the collection has ended. */
function step(): usize {
  if (state == State.Sweep) return sweepNext();
  if (state == State.Idle) {
    state = State.Mark;
    shadeRoots();
    return HEADER_BYTES;
  }
  const object = gray;
  if (object) return markMembers(object);
  endMarking();
  return HEADER_BYTES;
}

function markMembers(object: Managed): usize {
  gray = object.gray;
  __visit_members(object.reference, 0);
  return object.bytes;
}

function endMarking(): void {
  shadeRoots();
  shadeStack();
  for (let object = gray; object; object = gray) markMembers(object);
  white = BOTH_COLORS - white;
  swept = HEAD;
  state = State.Sweep;
}

function sweepNext(): usize {
  const before = changetype<Managed>(swept);
  const object = before.next;
  if (!object) {
    state = State.Idle;
    return 0;
  }
  const bytes = object.bytes;
  if (object.color == white) {
    swept = changetype<usize>(object);
  } else {
    before.next = object.next;
    total -= bytes;
    if (isDefined(__finalize)) __finalize(object.reference);
    free(changetype<usize>(object));
  }
  return bytes;
}

/** Collects all that is not reachable now. */
export function collect(): void {
  while (state != State.Idle) step();
  do step();
  while (state != State.Idle);
  rest();
}

/** No collection begins before objects have so many bytes. */
const LEAST_TOTAL: usize = 64 * 1024;
/** A collection goes on whenever so many bytes have been allocated. */
const PERIOD: usize = 2048;
/** What it does then, as a multiple of what was allocated. */
const PACE: usize = 4;

/** The total at which a collection begins, or goes on. */
let threshold: usize = LEAST_TOTAL;

/** Begins the next collection when objects have twice the bytes that they have now. */
function rest(): void {
  threshold = max(total > usize.MAX_VALUE / 2 ? usize.MAX_VALUE : 2 * total, LEAST_TOTAL);
}

/**
 * Goes on with the collection, if it is time. To mark what lives and to sweep all there is takes less than twice the
 * bytes at the end. As it does four times what is allocated meanwhile, that is at most twice what there was at first.
 */
export function pace(): void {
  if (total < threshold) return;
  const wanted = PACE * (PERIOD + (total - threshold));
  for (let work: usize = 0; work < wanted; ) {
    work += step();
    if (state == State.Idle) {
      rest();
      return;
    }
  }
  threshold = total + PERIOD;
}

/** A new object. Its contents are zero. */
export function create(bytes: usize, id: u32): usize {
  if (bytes > MOST_BYTES) throw new Error("Allocation too large");
  const object = changetype<Managed>(allocateZeroed(HEADER_BYTES + bytes));
  object.rtId = id;
  object.rtSize = <u32>bytes;
  object.color = white;
  const head = changetype<Managed>(HEAD);
  object.next = head.next;
  head.next = object;
  total += HEADER_BYTES + bytes;
  return object.reference;
}

/** The object with another size, and zero where it is larger. Where its block is too small, a copy of it. */
export function resize(reference: usize, bytes: usize): usize {
  const object = objectAt(reference);
  const before = <usize>object.rtSize;
  if (object.isStatic || HEADER_BYTES + bytes > malloc_usable_size(changetype<usize>(object))) {
    const copy = create(bytes, object.rtId);
    memory.copy(copy, reference, min(before, bytes));
    return copy;
  }
  if (bytes > before) memory.fill(reference + before, 0, bytes - before);
  object.rtSize = <u32>bytes;
  total += bytes - before;
  return reference;
}

/** To be called when a reference is stored into an object. */
export function link(parent: usize, child: usize): void {
  if (state != State.Mark || !child) return;
  if (objectAt(parent).color == BOTH_COLORS - white) shade(objectAt(child));
}

/** Keeps an object, until it is unpinned. */
export function pin(reference: usize): void {
  const object = objectAt(reference);
  if (object.isPinned) throw new Error("Object already pinned");
  assert(addPin(reference), "out of memory");
  object.isPinned = true;
}

export function unpin(reference: usize): void {
  const object = objectAt(reference);
  if (!object.isPinned) throw new Error("Object is not pinned");
  object.isPinned = false;
  removePin(reference);
}

/** A block that is no object. Traps if there is no memory, even after a collection. */
export function allocate(bytes: usize): usize {
  const block = malloc(bytes);
  if (block) return block;
  collect();
  return assert(malloc(bytes), "out of memory");
}

function allocateZeroed(bytes: usize): usize {
  const block = calloc(1, bytes);
  if (block) return block;
  collect();
  return assert(calloc(1, bytes), "out of memory");
}

export function reallocate(block: usize, bytes: usize): usize {
  const moved = realloc(block, bytes);
  if (moved) return moved;
  collect();
  return assert(realloc(block, bytes), "out of memory");
}
