/** The module through which the host and the driver reach a foreign module's memory, on a memory of its own. */
import { readFile } from "node:fs/promises";
import { beforeEach, expect, it } from "vitest";

const PAGE = 4096;
const END = 65_536;

interface Patterns {
  setBase(bytes: number, isMetered: boolean): void;
  touch(address: number, bytes: number, write: boolean): void;
  fill(address: number, value: number, bytes: number): void;
  loadWord(address: number): number;
  lastRead: WebAssembly.Global;
  outsideAddress: WebAssembly.Global;
  outsideBytes: WebAssembly.Global;
}

let memory: WebAssembly.Memory;
let patterns: Patterns;

beforeEach(async () => {
  const bytes = await readFile(new URL("../../build/patterns.wasm", import.meta.url));
  memory = new WebAssembly.Memory({ initial: END / 65_536, maximum: 65_536 });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  patterns = instance.exports as unknown as Patterns;
  patterns.setBase(0, false);
});

it("reads one byte of every page of a range, of the last even where the range only begins in it", () => {
  new Uint8Array(memory.buffer)[2 * PAGE] = 7;
  patterns.touch(100, 2 * PAGE - 99, false);
  expect(patterns.lastRead.value).toBe(7);
  patterns.touch(100, 2 * PAGE - 100, false);
  expect(patterns.lastRead.value).toBe(0);
});

it("reaches the last byte of memory, and tells a range that ends behind it", () => {
  patterns.fill(END - 4, 1, 4);
  expect(patterns.loadWord(END - 4)).toBe(0x01010101);
  expect(() => patterns.loadWord(END - 3)).toThrow(WebAssembly.RuntimeError);
  expect([patterns.outsideAddress.value, patterns.outsideBytes.value]).toEqual([END - 3, 4]);
  expect(() => patterns.fill(END - 9, 2, 10)).toThrow(WebAssembly.RuntimeError);
  expect([patterns.outsideAddress.value, patterns.outsideBytes.value]).toEqual([END - 9, 10]);
  expect(new Uint8Array(memory.buffer)[END - 1]).toBe(1);
});
