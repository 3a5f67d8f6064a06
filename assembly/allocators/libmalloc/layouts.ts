/**
 * Where a region has what, in bytes from its start. Metadata is behind the blocks up to 283, and before them
 * from 425 on.
 *
 *      up to 283   ├── blocks ──┼─ trailer ─┼─ marks ─┼─ list ends, entries ─┤
 *      from 425    ├─ trailer ─┼─ marks ─┼─ list ends, entries ─┼─ cookie ─┼── blocks ──┤
 */
import { Rack } from "./rack";

export enum Layout {
  Behind,
  BehindWithCookie,
  Before,
}

/** A layout's numbers for one kind of block; 0 where there is no such thing. */
@unmanaged
class Places {
  quanta: u32;
  heap: u32;
  trailer: u32;
  /** Bits or words of the quanta. */
  marks: u32;
  /** Words on what the kernel was told of medium blocks. */
  advice: u32;
  /** First and last free block of each list. */
  listEnds: u32;
  /** Out-of-band entries, and how many there are. */
  entries: u32;
  entryCount: u32;
  cookie: u32;
}
const PLACES_BYTES: usize = 36;

// Rows in the order of the layouts, columns in that of Places.
// biome-ignore format: a table
const TINY = memory.data<u32>([
  64_520,      0, 1_032_320, 1_032_352,           0,         0, 0, 0,         0,
  64_504,      0, 1_032_064, 1_032_104,           0, 1_048_232, 0, 0, 1_032_064,
  64_504, 16_512,         0,        40,           0,    16_168, 0, 0,    16_508,
]);
// biome-ignore format: a table
const SMALL = memory.data<u32>([
  16_319,      0, 8_355_328, 8_355_360, 0, 0, 8_387_998, 33,         0,
  16_319,      0, 8_355_328, 8_355_368, 0, 0, 8_388_006, 33, 8_355_328,
  16_319, 33_280,         0,        40, 0, 0,    32_678, 33,    33_276,
]);
// No version without cookies has medium blocks.
// biome-ignore format: a table
const MEDIUM = memory.data<u32>([
  4_095,      0,           0,           0,           0, 0,           0,   0,           0,
  4_095,      0, 134_184_960, 134_185_000, 134_193_190, 0, 134_201_380, 908, 134_184_960,
  4_095, 32_768,           0,          40,       8_230, 0,      16_420, 908,      32_764,
]);

function placesOf(kind: usize, layout: Layout): Places {
  return changetype<Places>(kind + PLACES_BYTES * layout);
}

export function layTiny(rack: Rack, layout: Layout): void {
  lay(rack, placesOf(TINY, layout));
}

export function laySmall(rack: Rack, layout: Layout): void {
  lay(rack, placesOf(SMALL, layout));
}

export function layMedium(rack: Rack, layout: Layout): void {
  lay(rack, placesOf(MEDIUM, layout));
}

function lay(rack: Rack, places: Places): void {
  rack.quanta = places.quanta;
  rack.heap = places.heap;
  rack.trailer = places.trailer;
  rack.marks = places.marks;
  rack.advice = places.advice;
  rack.listEnds = places.listEnds;
  rack.entries = places.entries;
  rack.entryCount = places.entryCount;
  rack.cookie = places.cookie;
}
