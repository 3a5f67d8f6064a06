/** Runs of equal bytes, such as states, and of equal cells (words), 64 bytes at a time. */

/** Sets the states of `pages` pages. memory.fill would be a call out of wasm, which costs more. */
export function fillStates(at: usize, pages: u32, state: u32): void {
  const lanes = i8x16.splat(<i8>state);
  const end = at + pages;
  for (; at + 16 <= end; at += 16) v128.store(at, lanes);
  for (; at < end; at++) store<u8>(at, <u8>state);
}

/** First index in [from, to) whose byte differs; or `to`. */
export function endOfRun(bytes: usize, from: u32, to: u32, byte: u32): u32 {
  const splat = i8x16.splat(<i8>byte);
  while (to - from >= 64 && areAll(bytes + from, splat)) from += 64;
  while (to - from >= 16 && !v128.any_true(v128.xor(v128.load(bytes + from), splat))) from += 16;
  while (from < to && <u32>load<u8>(bytes + from) == byte) from++;
  return from;
}

/** Whether all of 64 bytes are equal to the lanes. */
function areAll(at: usize, lanes: v128): bool {
  const low = v128.or(v128.xor(v128.load(at), lanes), v128.xor(v128.load(at, 16), lanes));
  const high = v128.or(v128.xor(v128.load(at, 32), lanes), v128.xor(v128.load(at, 48), lanes));
  return !v128.any_true(v128.or(low, high));
}

/** Number of cells from the first on, at most `most`, that hold the value. */
export function equalCells(cellAt: usize, most: u32, value: u32): u32 {
  const lanes = i32x4.splat(value);
  let cells: u32 = 0;
  while (cells + 16 <= most && areAll(cellAt + ((<usize>cells) << 2), lanes)) cells += 16;
  while (cells < most && load<u32>(cellAt + ((<usize>cells) << 2)) == value) cells++;
  return cells;
}

export function fillCells(cellAt: usize, count: u32, value: u32): void {
  const lanes = i32x4.splat(value);
  const end = cellAt + ((<usize>count) << 2);
  for (; cellAt + 16 <= end; cellAt += 16) v128.store(cellAt, lanes);
  for (; cellAt < end; cellAt += 4) store<u32>(cellAt, value);
}
