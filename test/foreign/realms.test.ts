/** What another realm made, as under jsdom, in a frame and in Node's vm, is what it is. */
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { checkModule, replayInJail, scenariosInJail } from "../../src/foreign.js";
import { ModuleError, openWasmAllocator, readTrace, recordModule } from "../../src/index.js";
import { fixtureBytes } from "./replays.js";

const original = await fixtureBytes("as-tlsf");
/** The bytes in the views and buffers of another realm. */
const foreign = runInNewContext(
  `const bytes = Uint8Array.from(list);
   const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
   shared.set(bytes);
   const padded = new Uint8Array(bytes.length + 8);
   padded.set(bytes, 8);
   ({ bytes, buffer: bytes.slice().buffer, shared, sharedBuffer: shared.buffer,
      view: new DataView(padded.buffer, 8), module: new WebAssembly.Module(bytes) })`,
  { list: [...original] },
);
const trace = () => readTrace(new TextEncoder().encode("c 0 1 100000\nf 0\n"));

it("really is of another realm", () => {
  expect(foreign.bytes instanceof Uint8Array).toBe(false);
  expect(foreign.buffer instanceof ArrayBuffer).toBe(false);
  expect(foreign.module instanceof WebAssembly.Module).toBe(false);
});

it.each(Object.keys(foreign))("opens its %s", async (kind) => {
  expect((await openWasmAllocator(foreign[kind])).malloc(100)).toBeGreaterThan(0);
});

it("meters, jails, checks and records its bytes", async () => {
  const { bytes } = foreign;
  const allocator = await openWasmAllocator(bytes, { meter: true });
  allocator.calloc(1, 100_000);
  expect(allocator.counters().zeroed.allocator).toBeGreaterThanOrEqual(100_000);
  expect((await replayInJail(bytes, await trace())).operations).toBe(2);
  expect((await checkModule(bytes, { cases: ["calloc-fresh"] })).passed).toBe(true);
  const { runCallocLoop } = scenariosInJail();
  const loop = { model: "mine", source: bytes, bytes: 4096, count: 10, written: 0 };
  const { allocator: name, counters } = await runCallocLoop(loop);
  expect([name, counters.zeroed.allocator >= 40_960]).toEqual(["mine", true]);
  await expect(recordModule(bytes)).resolves.toHaveProperty("recording");
});

it.each<[unknown, string]>([
  [[0, 97, 115, 109], "an object (Array)"],
  [Promise.resolve(original), "an object (Promise)"],
  [{ bytes: original }, "an object (Object)"],
  [42, "a number"],
  [null, "null"],
  [undefined, "undefined"],
])("says in a line what %o is where a module is wanted", async (wrong, kind) => {
  const message = `a module is its bytes, a URL, a path, a Response or a WebAssembly.Module; got ${kind}`;
  for (const use of [openWasmAllocator, checkModule, recordModule]) {
    const used = use(wrong as never);
    await expect(used).rejects.toThrow(message);
    await expect(used).rejects.toBeInstanceOf(ModuleError);
  }
});

it("jails a response and a path, but nothing compiled", async () => {
  const path = new URL("built/as-tlsf.wasm", import.meta.url);
  const response = new Response(original, { headers: { "content-type": "application/wasm" } });
  for (const source of [path, path.href, response, "as-tlsf"]) {
    expect((await replayInJail(source, await trace())).operations).toBe(2);
  }
  await expect(replayInJail(foreign.module, await trace())).rejects.toThrow(
    "a compiled module cannot be read again: give its bytes, a URL or a path",
  );
});
