/** Programs of others: recorded they compute the same, and the trace replays to the addresses that they got, and to the pages. */
import { expect, it } from "vitest";
import { EventKind } from "#shared/recorder";
import { exportNumbered } from "../../src/foreign/numbered.js";
import { collectTrace, openWasmAllocator, recordModule } from "../../src/index.js";
import { traceOf } from "../../src/trace/collect.js";
import { apps } from "./apps.js";
import { watch } from "./watched.js";

/** The blocks that the program is given, in their order, by listening to what the module tells. */
function listen(): number[] {
  const blocks: number[] = [];
  let depth = 0;
  const listening = (hook: string, before: (...told: number[]) => void) => {
    const name = Object.getOwnPropertyNames(Object)
      .filter((each) => each.endsWith(`:${hook}`))
      .at(-1) as string;
    const { get } = Object.getOwnPropertyDescriptor(Object, name) as { get(): CallableFunction };
    const heard = () => {
      const original = get();
      return (...told: number[]) => {
        before(...told);
        original(...told);
      };
    };
    Object.defineProperty(Object, name, { configurable: true, get: heard });
  };
  listening("enter", () => depth++);
  listening("leave", (kind, _pointer, _first, _second, result = 0) => {
    if (--depth === 0 && kind !== EventKind.Free && result) blocks.push(result >>> 0);
  });
  return blocks;
}

/** At least so many bytes are cleared by the module's calloc, if it has one. */
const cleared: Record<string, number> = { "web-tree-sitter": 10_000, brotli: 9_000_000 };

const PAGE = 4096;

it.for(Object.entries(apps))(
  "%s computes the same when it is recorded, and its trace replays to its addresses, pages and zeroed bytes",
  async ([name, app]) => {
    const bytes = await app.bytes();
    const plain = await app.start({ module: await WebAssembly.compile(bytes), wasm: bytes });
    const { module, wasm, recording } = await recordModule(bytes);
    const blocks = listen();
    const recorded = await app.start({ module, wasm });
    const computed = await recorded();
    expect(computed).toBe(await plain());
    expect(computed.length).toBeGreaterThan(100);
    recording.end();
    const trace = await collectTrace(recording.trace());
    const seen = trace.notes.losses.filter((loss) => loss.includes("not seen:") || loss.includes("inlined"));
    expect(seen).toEqual([]);

    const driven = { ...recording.drivenBy, unknownImports: "trap" } as const;
    const allocator = await openWasmAllocator(bytes, { ...driven, meter: true });
    const addresses: number[] = [];
    await allocator.replay(traceOf([trace], trace.notes), {
      onResults: (results) => addresses.push(...results),
    });
    const given = addresses.filter((address) => address > 0);
    expect(blocks.length).toBeGreaterThan(20);
    // From the first block on: what a module allocates in starting up, it allocates in a replay once more.
    const relative = (list: readonly number[]) => list.map((address) => address - (list[0] as number));
    expect(relative(given)).toEqual(relative(blocks));

    const watched = await watch(bytes);
    await (await app.start(watched))();
    watched.end();
    // Below are its stack and its statics, which are no allocator's.
    const first = Math.floor(given.reduce((one, other) => Math.min(one, other)) / PAGE);
    const replayed = allocator
      .pages(first * PAGE, allocator.hostBytes - first * PAGE)
      .flatMap(({ pages, read, written }) => Array(pages).fill(`${read ? "R" : "-"}${written ? "W" : "-"}`));
    expect(replayed.join(" ")).toBe(replayed.map((_, i) => watched.of(first + i)).join(" "));
    expect(replayed.filter((page) => page === "RW").length).toBeGreaterThan(20);

    // What its calloc cleared: the same is looked at where the trace replays on the recorded module.
    const again = await recordModule(exportNumbered(bytes, recording.drivenBy?.functions));
    const imports = () => again.recording.imports();
    const twin = await openWasmAllocator(again.wasm, { ...driven, imports });
    await twin.replay(traceOf([trace], trace.notes));
    expect(recording.zeroed?.bytes).toBeGreaterThanOrEqual(cleared[name] ?? 0);
    expect(again.recording.zeroed?.bytes).toBe(recording.zeroed?.bytes);
    again.recording.end();
  },
);
