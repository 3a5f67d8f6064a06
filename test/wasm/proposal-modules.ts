/** A module for each proposal: for the tests, and for the table of what an engine makes of them (proposals.ts). */
import binaryen from "assemblyscript/binaryen";
import { Sections } from "../../src/wasm/sections.js";
import { assemble } from "./assemble.js";

const ALLOCATOR = `(global $top (mut i32) (i32.const 1024))
  (func (export "malloc") (param i32) (result i32) (global.get $top)
    (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get 0) (i32.const 31)) (i32.const -16)))))
  (func (export "free") (param i32))`;
const MEMORY = '(memory (export "memory") 1)';
const module = (parts: string, memory = MEMORY) =>
  assemble(`(module ${memory} ${parts} ${ALLOCATOR})`, binaryen.Features.All);
/** A module whose `run` gives 7. */
const running = (body: string, more = "", memory = MEMORY) =>
  module(`${more} (func (export "run") (result i32) ${body})`, memory);

const V = "(v128.const i32x4 1 2 3 7)";

/** What runs on engines without it, too. */
export const LOWERED = "64-bit addresses (memory64)";

/** A module for each proposal that is metered: its `run` gives 7. */
export const METERED: Record<string, () => Uint8Array> = {
  "mutable globals": () => running("(global.get $g)", '(global $g (export "g") (mut i32) (i32.const 7))'),
  "sign extension": () => running("(i32.extend8_s (i32.const 0x107))"),
  "saturating conversions": () => running("(i32.trunc_sat_f64_s (f64.const 7.5))"),
  "multiple values": () =>
    running("(call $two) (i32.add)", "(func $two (result i32 i32) (i32.const 3) (i32.const 4))"),
  "bulk memory": () =>
    running("(memory.fill (i32.const 8) (i32.const 7) (i32.const 4)) (i32.load8_u (i32.const 9))"),
  "reference types": () =>
    running(
      "(table.set $t (i32.const 0) (ref.null func)) (i32.add (ref.is_null (table.get $t (i32.const 0))) (i32.const 6))",
      "(table $t 1 funcref)",
    ),
  "fixed-width vectors (SIMD)": () => running(`(i32x4.extract_lane 3 ${V})`),
  "relaxed vectors": () =>
    running(
      `(i32x4.extract_lane 3 (i8x16.relaxed_swizzle ${V} (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)))`,
    ),
  "tail calls": () => running("(return_call $seven)", "(func $seven (result i32) (i32.const 7))"),
  "extended constant expressions": () =>
    running("(global.get $g)", "(global $g i32 (i32.add (i32.const 3) (i32.const 4)))"),
  "exceptions, as they were first": () =>
    running("(try (result i32) (do (throw $e (i32.const 7))) (catch $e))", "(tag $e (param i32))"),
  [LOWERED]: () =>
    running(
      "(i64.store (i64.const 8) (i64.const 7)) (i32.wrap_i64 (i64.load (i64.const 8)))",
      "",
      '(memory (export "memory") i64 1)',
    ),
  "branch hints": () => {
    const sections = new Sections(
      running("(if (result i32) (i32.const 1) (then (i32.const 7)) (else (i32.const 8)))"),
    );
    // Of no function: what matters is that offsets which no longer hold are left out.
    sections.addCustom("metadata.code.branch_hint", new Uint8Array([0]));
    return sections.toBytes();
  },
  "exceptions with exnref": () =>
    running(
      "(block $h (result i32) (try_table (result i32) (catch $e $h) (throw $e (i32.const 7))))",
      "(tag $e (param i32))",
    ),
  "threads and atomics": () =>
    running(
      "(drop (i32.atomic.rmw.add (i32.const 64) (i32.const 7))) (i32.atomic.load (i32.const 64))",
      "",
      '(memory (export "memory") 1 4 shared)',
    ),
  "typed function references": () =>
    running(
      "(call_ref $type (ref.func $seven))",
      "(type $type (func (result i32))) (elem declare func $seven) (func $seven (type $type) (i32.const 7))",
    ),
};

/** A module for each that is refused, and what is said; an engine without it says its own. */
export const REFUSED: Record<string, [() => Uint8Array, RegExp]> = {
  "garbage collection": [
    () => running("(array.len (array.new_default $a (i32.const 7)))", "(type $a (array i32))"),
    /without garbage collection/,
  ],
  "several memories": [
    () => running("(i32.load $b (i32.const 0))", "(memory $b 1)"),
    /several memories: build it without multi-memory|not valid/,
  ],
};

/** Instructions that are named, though no engine here runs them. */
export const NAMED: Record<string, number[]> = {
  "garbage collection": [0xfb, 0],
  "stack switching": [0xe0, 0],
  "wide arithmetic": [0xfc, 0x13],
  "string references": [0xfb, 0x80, 1],
  "half precision": [0xfd, 0xa0, 2],
  "shared-everything threads": [0xfe, 0xcf, 0],
};
