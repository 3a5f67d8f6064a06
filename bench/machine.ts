import { readFile } from "node:fs/promises";
import { instantiate } from "@assemblyscript/loader";
import { openSandbox } from "../src/index.js";
import { interleave, type Measured, time } from "./measure.js";

const ROUNDS = 15;
const SMALL = 2 ** 20;
const LARGE = 2 ** 26;
const STORES = 20_000_000;
const RANDOM_STORES = 4_000_000;
const PAGES = 200_000;

interface Loops extends Record<string, unknown> {
  start(bytes: number, pageShift: number): void;
  bareSequential(times: number): void;
  machineSequential(times: number): void;
  bareRandom(times: number): void;
  machineRandom(times: number): void;
  firstTouches(pages: number, stored: number): void;
}

async function open(bytes: number): Promise<Loops> {
  const { exports } = await instantiate<Loops>(
    await readFile(new URL("../build/bench.wasm", import.meta.url)),
  );
  exports.start(bytes, 12);
  return exports;
}

function show(name: string, bare: Measured, machine: Measured, each: number): void {
  const ns = (measured: Measured) => ((measured.median * 1e6) / each).toFixed(2);
  const spread = `± ${(Math.max(bare.spread, machine.spread) * 100).toFixed(0)} %`;
  console.log(
    `${name}: ${(machine.median / bare.median).toFixed(2)} times a bare store (${ns(machine)} against ${ns(bare)} ns, ${spread})`,
  );
}

/** Stores through the machine compared with bare stores, first touches, and what a resident page costs the host. */
export async function benchMachine(): Promise<void> {
  const [small, large] = [await open(SMALL), await open(LARGE)];
  const stores = await interleave(
    {
      bare: () => time(() => small.bareSequential(STORES)),
      machine: () => time(() => small.machineSequential(STORES)),
      bareRandom: () => time(() => large.bareRandom(RANDOM_STORES)),
      machineRandom: () => time(() => large.machineRandom(RANDOM_STORES)),
      touch: () => time(() => small.firstTouches(PAGES, 0)),
      store: () => time(() => small.firstTouches(PAGES / 20, 1)),
    },
    ROUNDS,
  );
  show("store, sequential", stores.bare, stores.machine, STORES);
  show("store, random over 64 MiB", stores.bareRandom, stores.machineRandom, RANDOM_STORES);
  console.log(`first touch without data: ${((stores.touch.median * 1e6) / PAGES).toFixed(1)} ns a page`);
  console.log(
    `first touch that stores a byte: ${((stores.store.median * 1e6) / (PAGES / 20)).toFixed(1)} ns a page`,
  );
  const sandbox = await openSandbox("naive", { memory: 2 ** 37 });
  const before = sandbox.hostBytes;
  sandbox.calloc(1, 2 ** 36);
  const { resident } = sandbox.counters().bytes;
  console.log(
    `${resident / 2 ** 30} GiB resident, all zero: ${(sandbox.hostBytes / 2 ** 20).toFixed(1)} MiB of host memory (${((sandbox.hostBytes - before) / 2 ** 20).toFixed(1)} MiB more than before)`,
  );
}
