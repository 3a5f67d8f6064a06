/** The features that the page needs of a browser. */

const NEEDS: readonly [name: string, isThere: () => boolean][] = [
  ["WebAssembly", () => typeof WebAssembly === "object"],
  ["Workers", () => typeof Worker === "function"],
  ["DecompressionStream", () => typeof DecompressionStream === "function"],
  ["ResizeObserver", () => typeof ResizeObserver === "function"],
  ["canvas", () => document.createElement("canvas").getContext("2d") !== null],
];

/** A message for a browser that lacks a feature; undefined if it has all. */
export function unsupported(): string | undefined {
  const missing = NEEDS.filter(([, isThere]) => !isThere()).map(([name]) => name);
  if (missing.length === 0) return undefined;
  return `This browser lacks ${missing.join(" and ")}, which the page needs. Chrome and Edge have it from 97 on, Firefox from 114, Safari from 16.4.`;
}
