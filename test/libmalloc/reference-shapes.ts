/** What tells tiny, small and medium blocks apart, and the versions. Part of the reference, which shares nothing with the model. */

export interface Shape {
  quantum: number;
  regionBytes: number;
  quanta: number;
  /** Bytes before a region's first block. */
  heap: number;
  lists: number;
  lastFreeLimit: number;
  /** Lists are grouped by region. */
  grouped: boolean;
  /** Of the last list, what grows or shrinks keeps its place. */
  keepsPlace: boolean;
  growsFar: boolean;
  countsTwice: boolean;
  piecesSkip: boolean;
  forgets: boolean;
  recallsFirst: boolean;
  crowded: number;
  hasDepot: boolean;
  /** Bytes at the start of a free block that its links may take, and blocks of a region that may be linked outside. */
  linkBytes: number;
  entries: number;
  /** The kernel is told of blocks when they are freed too; "some": with the flaws of 283. */
  advises: false | "some" | "all";
  windowScale: number;
}

/** Tiny, small and medium blocks of a version. */
export function shapesOf(version: number, cpus: number, memory = 0): [Shape, Shape, Shape] {
  const is166 = version >= 166;
  const is283 = version >= 283;
  const is425 = version >= 425;
  const common = {
    grouped: false,
    keepsPlace: false,
    growsFar: is166,
    countsTwice: true,
    piecesSkip: false,
    forgets: false,
    recallsFirst: !is283,
    crowded: is166 ? 2 : 2 * cpus,
    hasDepot: is425 || cpus > 1,
    lastFreeLimit: Number.POSITIVE_INFINITY,
    linkBytes: 18,
    entries: 0,
    advises: false as Shape["advises"],
    windowScale: 1,
  };
  const scale = [8, 4, 2].find((times) => memory >= times * 2 ** 37) ?? 1;
  const tiny: Shape = {
    ...common,
    ...{ quantum: 16, regionBytes: 2 ** 20, quanta: is283 ? 64504 : 64520, heap: is425 ? 16512 : 0 },
    ...{ lists: 64, lastFreeLimit: 16, grouped: is283, keepsPlace: true },
    ...{ countsTwice: !is283, piecesSkip: is283 },
  };
  const small: Shape = {
    ...common,
    ...{ quantum: 512, regionBytes: 2 ** 23, quanta: 16319, heap: is425 ? 33280 : 0 },
    ...{ lists: is283 ? 65 : is166 ? 255 : 256, forgets: is283, linkBytes: 10, entries: 33 },
  };
  const medium: Shape = {
    ...common,
    ...{ quantum: 32768, regionBytes: 2 ** 27, quanta: 4095, heap: is425 ? 32768 : 0 },
    ...{ lists: 257, recallsFirst: true, linkBytes: 34, entries: 908 },
    ...{ advises: is425 ? "all" : "some", windowScale: is425 ? scale : 1 },
  };
  return [tiny, small, medium];
}
