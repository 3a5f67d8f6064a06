/**
 * Where the pieces of the heap are. Nothing but the walk (check.ts) asks, so only check builds keep it.
 * The heap is one piece until the break cannot move. The last header of a piece is that of the top
 * chunk, or of the second of the two fenceposts that the top left behind.
 */
const MOST: u32 = 4096;
const STARTS: usize = isDefined(ZP_CHECK) ? memory.data(8 * MOST, 8) : 0;
const LAST_HEADERS: usize = isDefined(ZP_CHECK) ? memory.data(8 * MOST, 8) : 0;

/** Pieces there are. Only the first MOST are noted. */
export let count: u32 = 0;

/** A piece begins, and holds the top from now on. */
export function begin(start: u64): void {
  if (count < MOST) store<u64>(STARTS + ((<usize>count) << 3), start);
  count++;
}

/** The top leaves the latest piece, with this chunk as its last header. */
export function close(lastHeader: u64): void {
  if (count <= MOST) store<u64>(LAST_HEADERS + ((<usize>(count - 1)) << 3), lastHeader);
}

export function areNoted(): bool {
  return count <= MOST;
}

export function startOf(piece: u32): u64 {
  return load<u64>(STARTS + ((<usize>piece) << 3));
}

/** The last header of a piece that the top has left. */
export function lastHeaderOf(piece: u32): u64 {
  return load<u64>(LAST_HEADERS + ((<usize>piece) << 3));
}
