import { readModule } from "#read-module";
import { contentOf } from "../../src/base/own-file.js";
import { openWasmAllocator, readTrace, type WasmAllocator, type WasmOptions } from "../../src/index.js";
import { replayable } from "./fixtures.js";

export const readBytes = async (url: URL) => contentOf(await readModule(url));

export const fixtureBytes = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  readBytes(new URL(`./built/${name}.wasm`, import.meta.url));

/** Opens a fixture. What applications import besides is linked to traps. */
export async function openFixture(name: string, options: WasmOptions = {}): Promise<WasmAllocator> {
  return openWasmAllocator(await fixtureBytes(name), { name, unknownImports: "trap", ...options });
}

export const openTrace = async (name: string) =>
  readTrace(await readBytes(new URL(`../../bench/traces/${name}.txt.gz`, import.meta.url)));

export interface ForeignReplay {
  module: string;
  trace: "git-log" | "cc1";
}

export const foreignReplays: readonly ForeignReplay[] = replayable.flatMap((module) =>
  (["git-log", "cc1"] as const).map((trace) => ({ module, trace })),
);

export const foreignLabel = ({ module, trace }: ForeignReplay): string => `${trace} on ${module}`;

/** What must be the same on every host: the end, memory, and every address, as a sum. */
export interface ForeignOutcome {
  operations: number;
  failedAllocations: number;
  memoryBytes: number;
  /** FNV-1a over the addresses. */
  addresses: number;
  /** What stopped it, if anything did. */
  error?: string;
}

/** Replays a trace on a fixture; running out of memory, which some answer by a trap, is a result. */
export async function runForeign(
  { module, trace }: ForeignReplay,
  verify: boolean,
  options: WasmOptions = {},
): Promise<ForeignOutcome> {
  const allocator = await openFixture(module, options);
  let [addresses, operations, failedAllocations] = [0x811c9dc5, 0, 0];
  const onResults = (results: number[]) => {
    for (const address of results) addresses = Math.imul(addresses ^ address, 0x01000193);
  };
  const outcome = { memoryBytes: 0 };
  try {
    const replayed = await allocator.replay(await openTrace(trace), { verify, onResults });
    ({ operations, failedAllocations } = replayed);
    outcome.memoryBytes = allocator.hostBytes;
  } catch (error) {
    Object.assign(outcome, { error: String(error) });
  }
  return { operations, failedAllocations, addresses: addresses >>> 0, ...outcome };
}
