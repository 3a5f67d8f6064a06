/** Counts zero bytes, 64 at a time: memory that is cleared was mostly zero before. */

/** Bytes of [at, at + bytes) that are zero. */
export function zeroesIn(at: usize, bytes: usize): u64 {
  const end = at + bytes;
  let zeroes: u64 = 0;
  while (at + 64 <= end) {
    zeroes += zeroesInBlock(at);
    at += 64;
  }
  while (at + 8 <= end) {
    zeroes += zeroesInWord(load<u64>(at));
    at += 8;
  }
  while (at < end) zeroes += u64(!load<u8>(at++));
  return zeroes;
}

/** The same of 8 bytes: the low 7 bits of a byte carry into its top bit unless they are all zero. */
function zeroesInWord(word: u64): u64 {
  const low: u64 = 0x7f7f7f7f7f7f7f7f;
  return word ? popcnt(~(((word & low) + low) | word | low)) : 8;
}

/** The same of 64 bytes, most often all of them. */
function zeroesInBlock(at: usize): u64 {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  const c = v128.load(at, 32);
  const d = v128.load(at, 48);
  if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) return 64;
  const zero = i8x16.splat(0);
  return (
    popcnt(i8x16.bitmask(i8x16.eq(a, zero))) +
    popcnt(i8x16.bitmask(i8x16.eq(b, zero))) +
    popcnt(i8x16.bitmask(i8x16.eq(c, zero))) +
    popcnt(i8x16.bitmask(i8x16.eq(d, zero)))
  );
}
