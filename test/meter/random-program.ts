/**
 * Random programs that touch memory in every form, as text. They end, and stay within their memory: address locals
 * hold 0x4000 to 0x23fff, and what is added to them stays below 0x4000 either way.
 */
import type { Random } from "../random.js";

const LOCALS = 4;
const LOADS = "i32.load i32.load8_u i32.load8_s i32.load16_u i32.load16_s".split(" ");
const WIDE_LOADS =
  "i64.load i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u".split(" ");
const STORES = "i32.store i32.store8 i32.store16".split(" ");
const WIDE_STORES = "i64.store i64.store8 i64.store16 i64.store32".split(" ");
const VECTOR_LOADS =
  "load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u load8_splat load16_splat load32_splat load64_splat load32_zero load64_zero".split(
    " ",
  );
const MODIFY = "add sub and or xor xchg".split(" ");
/** Of atomics: type, the name's width, bytes. */
const ATOMICS = [
  ["i32", "", 4],
  ["i64", "", 8],
  ["i32", "8", 1],
  ["i32", "16", 2],
  ["i64", "8", 1],
  ["i64", "16", 2],
  ["i64", "32", 4],
] as const;

export class RandomProgram {
  #labels = 0;

  /** `isWide`: with 64-bit addresses, and the same otherwise. */
  constructor(
    private readonly random: Random,
    private readonly isWide = false,
  ) {}

  /** A module with `memory` and `run`, which takes two numbers. */
  module(): string {
    const data = `(data $d "${"zeropage\\00\\01\\00\\00".repeat(20)}")`;
    const functions = Array.from({ length: 3 }, (_, i) => this.#function(i));
    const memory = `(memory (export "memory") ${this.isWide ? "i64 " : ""}4 8)`;
    return `(module ${memory} ${data} (data ${this.#length(20_000)} "initial\\00contents")
      (global $g (mut i32) (i32.const 40000))
      ${functions.join("\n")} (export "run" (func $f2)))`;
  }

  #function(index: number): string {
    const locals = `(local $p2 i32) (local $p3 i32) (local $i i32) (local $v v128) (local $d f64)`;
    const start = Array.from({ length: LOCALS }, (_, i) => this.#set(i, 0)).join("\n");
    const body = this.#statements(index, 4);
    return `(func $f${index} (param $p0 i32) (param $p1 i32) (result i32) ${locals}
      ${start} ${body} ${this.#value(2)})`;
  }

  #statements(caller: number, depth: number): string {
    return Array.from({ length: 1 + this.random.below(6) }, () => this.#statement(caller, depth)).join("\n");
  }

  #statement(caller: number, depth: number): string {
    const nested = () => this.#statements(caller, depth - 1);
    const label = `$l${this.#labels++}`;
    const kind = this.random.below(depth > 0 ? 22 : 16);
    if (kind < 2) return this.#set(this.random.below(LOCALS));
    if (kind < 7) return this.#store();
    if (kind === 7) return this.#run();
    if (kind === 8) return `(drop ${this.#wideLoad()})`;
    if (kind === 9) return this.#vector();
    if (kind < 12) return this.#atomic();
    if (kind === 12) return this.#bulk();
    if (kind === 13) return `(global.set $g ${this.#masked(1)})`;
    if (kind === 14) return `(f64.store ${this.#memarg(64)} ${this.#address()} (local.get $d))`;
    if (kind === 15) {
      return caller === 0
        ? `(drop (memory.grow ${this.#length(this.random.below(2))}))`
        : `(drop (call $f${this.random.below(caller)} ${this.#value(1)} ${this.#value(1)}))`;
    }
    if (kind < 18) return `(if ${this.#value(1)} (then ${nested()}) (else ${nested()}))`;
    if (kind === 18) return `(if ${this.#value(1)} (then ${nested()}))`;
    if (kind === 19) return `(block ${label} ${nested()} (br_if ${label} ${this.#value(1)}) ${nested()})`;
    if (kind === 20) return `(block ${label} ${nested()} (br ${label}))`;
    const times = 2 + this.random.below(3);
    return `(local.set $i (i32.const ${times})) (loop ${label} ${this.#straight()}
      (br_if ${label} (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))`;
  }

  /** What a loop repeats: nothing that sets the counter. */
  #straight(): string {
    return `${this.#store()} ${this.#set(this.random.below(LOCALS))} ${this.#store()} ${this.#vector()}`;
  }

  #set(local: number, depth = 2): string {
    return `(local.set $p${local} ${this.#masked(depth)})`;
  }

  #masked(depth: number): string {
    const value = this.#value(depth);
    return `(i32.add (i32.and ${value} (i32.const 0x1ffff)) (i32.const 0x4000))`;
  }

  #value(depth: number): string {
    const kind = this.random.below(depth > 0 ? 9 : 3);
    if (kind === 0) return this.#local();
    if (kind === 1) return `(i32.const ${this.random.pick([0, 0, 1, 255, 256, 65536, 99999])})`;
    if (kind === 2) return "(global.get $g)";
    if (kind === 3) return `(i32.add ${this.#value(depth - 1)} ${this.#value(depth - 1)})`;
    if (kind === 4) return `(i32.sub ${this.#value(depth - 1)} (i32.const ${this.random.below(9)}))`;
    if (kind === 5) return `(i32.mul ${this.#value(depth - 1)} (i32.const 2654435761))`;
    if (kind === 6) return `(select ${this.#value(0)} ${this.#value(0)} ${this.#value(depth - 1)})`;
    if (kind === 7) return this.isWide ? "(i32.wrap_i64 (memory.size))" : "(memory.size)";
    return `(${this.random.pick(LOADS)} ${this.#memarg(64)} ${this.#address()})`;
  }

  #local(): string {
    return `(local.get $p${this.random.below(LOCALS)})`;
  }

  /** In bounds, whatever memarg is added. */
  #address(): string {
    return this.#widened(this.#place());
  }

  #widened(place: string): string {
    return this.isWide ? `(i64.extend_i32_u ${place})` : place;
  }

  #length(bytes: number): string {
    return `(${this.isWide ? "i64" : "i32"}.const ${bytes})`;
  }

  #place(): string {
    const kind = this.random.below(8);
    const local = this.random.below(LOCALS);
    const near = this.random.pick([1, 4, 8, 4092, 4095, 4096, 8190]);
    if (kind < 3) return `(local.get $p${local})`;
    if (kind === 3) return `(i32.add (local.get $p${local}) (i32.const ${near}))`;
    if (kind === 4) return `(i32.sub (local.get $p${local}) (i32.const ${near}))`;
    if (kind === 5) return `(i32.const ${20_000 + near})`;
    if (kind === 6) return `(local.tee $p${local} ${this.#masked(1)})`;
    return this.#masked(1);
  }

  #memarg(limit: number): string {
    return `offset=${this.random.pick([0, 1, 4, 8, limit, 4095])} align=1`;
  }

  #wideLoad(): string {
    return `(${this.random.pick(WIDE_LOADS)} ${this.#memarg(64)} ${this.#address()})`;
  }

  #store(): string {
    const value = this.random.pick(["(i32.const 0)", "(i32.const 256)", "(i32.const 65536)", this.#value(1)]);
    if (this.random.below(3) > 0) {
      return `(${this.random.pick(STORES)} ${this.#memarg(16)} ${this.#address()} ${value})`;
    }
    const wide = this.random.pick([
      "(i64.const 0)",
      "(i64.const 0x100000000)",
      `(i64.extend_i32_u ${this.#local()})`,
    ]);
    return `(${this.random.pick(WIDE_STORES)} ${this.#memarg(16)} ${this.#address()} ${wide})`;
  }

  /** What clears or fills a record: stores near one or two locals, mostly of the same few values. */
  #run(): string {
    const types = this.random.below(4) > 0 ? ["i32"] : ["i32", "i64"];
    const words = [this.#local(), "(i32.const 0)", "(local.get $i)"];
    const values = { i32: words, i64: words.map((word) => `(i64.extend_i32_u ${word})`) };
    const addresses = [this.#local(), this.#local()].map((local) => this.#widened(local));
    const near = this.random.pick([16, 64, 4096, 10_000]);
    const store = () => {
      const type = this.random.pick(types) as keyof typeof values;
      const name = this.random.pick(type === "i32" ? STORES : WIDE_STORES);
      const at = `offset=${this.random.below(near)} align=1 ${this.random.pick(addresses)}`;
      return `(${name} ${at} ${this.random.pick(values[type])})`;
    };
    return Array.from({ length: 2 + this.random.below(10) }, store).join("\n");
  }

  #vector(): string {
    const lane = this.random.pick([8, 16, 32, 64]);
    const at = `${this.#memarg(16)} ${this.random.below(128 / lane)} ${this.#address()} (local.get $v)`;
    const kind = this.random.below(4);
    if (kind === 0) return `(v128.store ${this.#memarg(16)} ${this.#address()} (local.get $v))`;
    if (kind === 1) return `(local.set $v (v128.load${lane}_lane ${at}))`;
    if (kind === 2) return `(v128.store${lane}_lane ${at})`;
    return `(local.set $v (v128.${this.random.pick(VECTOR_LOADS)} ${this.#memarg(16)} ${this.#address()}))`;
  }

  #atomic(): string {
    const [type, width, bytes] = this.random.pick(ATOMICS);
    const at = `offset=${bytes * this.random.below(600)} ${this.#widened(`(i32.and ${this.#place()} (i32.const -8))`)}`;
    const value = `(${type}.const ${this.random.pick([0, 0, 1, 77])})`;
    const kind = this.random.below(5);
    const unsigned = width ? "_u" : "";
    if (kind === 0) return `(drop (${type}.atomic.load${width}${unsigned} ${at}))`;
    if (kind === 1) return `(${type}.atomic.store${width} ${at} ${value})`;
    if (kind === 2) return `(drop (${type}.atomic.rmw${width}.cmpxchg${unsigned} ${at} ${value} ${value}))`;
    if (kind === 3 && bytes === 4) return `(drop (memory.atomic.notify ${at} (i32.const 1)))`;
    return `(drop (${type}.atomic.rmw${width}.${this.random.pick(MODIFY)}${unsigned} ${at} ${value}))`;
  }

  #bulk(): string {
    const bytes = this.#length(this.random.pick([0, 1, 7, 8, 100, 4096, 9000]));
    const kind = this.random.below(4);
    if (kind === 0) return `(memory.copy ${this.#address()} ${this.#address()} ${bytes})`;
    if (kind === 1) {
      return `(memory.init $d ${this.#address()} (i32.const ${this.random.below(50)}) (i32.const ${this.random.below(150)}))`;
    }
    return `(memory.fill ${this.#address()} (i32.const ${this.random.pick([0, 0, 256, 1])}) ${bytes})`;
  }
}
