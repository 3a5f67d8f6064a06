/**
 * The proposals that came after WebAssembly 1.0, and what becomes of a module that uses one. What is metered is also
 * opened, if the engine has it. What is not is refused by its name; README.md has the table.
 * github.com/WebAssembly/proposals
 */

export interface Proposal {
  name: string;
  support: "metered" | "refused";
  /** Compilers that use it unless they are told not to. */
  byDefault?: string;
  /** Of one that is refused: how to do without. */
  remedy?: string;
  /** Ranges of its instructions, first and last; those behind a prefix are numbered prefix · 2^16 + opcode. */
  opcodes?: readonly (readonly [first: number, last: number])[];
}

export const PROPOSALS: readonly Proposal[] = [
  { name: "mutable globals", support: "metered", byDefault: "clang, emcc, rustc" },
  { name: "sign extension", support: "metered", byDefault: "clang, emcc, rustc, asc" },
  { name: "saturating conversions", support: "metered", byDefault: "rustc, emcc" },
  { name: "multiple values", support: "metered", byDefault: "rustc, emcc" },
  { name: "bulk memory", support: "metered", byDefault: "clang, emcc, rustc, asc" },
  { name: "reference types", support: "metered", byDefault: "rustc, emcc" },
  { name: "fixed-width vectors (SIMD)", support: "metered" },
  { name: "relaxed vectors", support: "metered" },
  { name: "tail calls", support: "metered" },
  {
    name: "extended constant expressions",
    support: "metered",
    byDefault: "wasm-ld, of position independent code",
  },
  {
    name: "exceptions, as they were first",
    support: "metered",
    byDefault: "emcc and clang with -fwasm-exceptions",
  },
  { name: "exceptions with exnref", support: "metered" },
  { name: "threads and atomics", support: "metered", byDefault: "emcc and clang with -pthread" },
  { name: "64-bit addresses (memory64)", support: "metered" },
  { name: "branch hints", support: "metered" },
  { name: "typed function references", support: "metered" },
  {
    ...{ name: "garbage collection", support: "refused", byDefault: "Kotlin, Dart, Java" },
    remedy: "its objects are in no linear memory, which is all that is metered",
    opcodes: [[0xfb_0000, 0xfb_001e]],
  },
  { name: "several memories", support: "refused", remedy: "build the module without multi-memory" },
  { name: "custom page sizes", support: "refused", remedy: "link with pages of 64 KiB" },
  {
    ...{ name: "stack switching", support: "refused", remedy: "compile without it" },
    opcodes: [[0xe0, 0xe6]],
  },
  {
    ...{ name: "wide arithmetic", support: "refused", remedy: "compile without -mwide-arithmetic" },
    opcodes: [[0xfc_0013, 0xfc_0016]],
  },
  {
    ...{ name: "string references", support: "refused", remedy: "compile without it" },
    opcodes: [[0xfb_0080, 0xfb_00ff]],
  },
  {
    ...{ name: "half precision", support: "refused", remedy: "compile without -mfp16" },
    opcodes: [
      [0xfc_0030, 0xfc_0031],
      [0xfd_0120, 0xfd_014f],
    ],
  },
  {
    ...{ name: "shared-everything threads", support: "refused", remedy: "compile without it" },
    opcodes: [[0xfe_004f, 0xfe_007f]],
  },
];

/** What an instruction that is not read is of, and what to do; undefined if nobody knows it. */
export function proposalOf(opcode: number): string | undefined {
  const found = PROPOSALS.find(({ opcodes = [] }) =>
    opcodes.some(([first, last]) => opcode >= first && opcode <= last),
  );
  return found && `it is of the proposal "${found.name}": ${found.remedy}`;
}
