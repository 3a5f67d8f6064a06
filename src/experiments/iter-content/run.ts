/**
 * The bug report all this began with (psf/requests issue 3729): a client reads a body over TLS in chunks
 * of a size it chose. For each read the library below makes a buffer of the whole chunk, of which a
 * read fills at most one TLS record, and frees it again. At 10 MB nobody noticed; at 100 MB throughput
 * fell below 1 MB/s, at 1 GB below 100 KB/s.
 */

import type { Allocator } from "../../allocator/allocator.js";
import { checkWhole } from "../../base/arguments.js";
import { OutOfMemory } from "../../base/errors.js";
import { defaultCosts } from "../../costs/profiles.js";
import { simulatedTime } from "../../costs/simulate.js";
import type { BufferWay, IterContentResult } from "../../results/iter-content.js";
import type { OptionValues } from "../../results/run.js";
import { openModel } from "../../sandbox/open.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { type ModelRun, notesOf } from "../open.js";
import { expectZeroed } from "../zeroed.js";

/** A TLS record holds at most so many bytes (RFC 8446, section 5.1), and a read gets at most one. */
export const TLS_RECORD_BYTES = 16_384;

/** Reads between two calls of onProgress. */
const BATCH = 500;

/** What `runIterContent` reads, and how. */
export interface IterContentRun extends ModelRun {
  /** How the library gets a buffer. */
  way: BufferWay;
  /** Size of a chunk, and so of each buffer. */
  chunk: number;
  /** Bytes of the body. */
  body: number;
  /** Called now and then with the reads done, and all there are. */
  onProgress?: (done: number, total: number) => void;
}

/** Gets a zeroed, or at least a usable, buffer. Returns its address and how much the library cleared. */
const WAYS: Record<BufferWay, (sandbox: Sandbox, bytes: number) => Buffer> = {
  "malloc+memset": (sandbox, bytes) => {
    const address = sandbox.malloc(bytes);
    if (address === 0) return { address, cleared: 0, needless: 0 };
    return { address, cleared: bytes, needless: clearBuffer(sandbox, address, bytes) };
  },
  calloc: (sandbox, bytes) => ({ address: sandbox.calloc(1, bytes), cleared: 0, needless: 0 }),
  malloc: (sandbox, bytes) => ({ address: sandbox.malloc(bytes), cleared: 0, needless: 0 }),
};

interface Buffer {
  address: number;
  /** Bytes the library cleared itself, and how many of them already read as zero. */
  cleared: number;
  needless: number;
}

/**
 * Reads a body. @throws RangeError, OptionError; OutOfMemory where there is none for a chunk; AllocatorAbort; SandboxError
 * where calloc is not zero.
 */
export async function runIterContent(run: IterContentRun): Promise<IterContentResult> {
  const { model, options = {}, way, chunk, body } = run;
  checkWhole("chunk", chunk);
  checkWhole("body", body);
  const { check: _check, module: _module, ...settings } = options;
  const sandbox = await openModel(model, options);
  const library = readBody(sandbox, run);
  if (options.check) sandbox.check();
  const counters = sandbox.counters();
  const costs = run.costs ?? defaultCosts(sandbox.machine.kernel);
  if (way === "calloc") expectZeroed(sandbox, chunk);
  sandbox.close();
  const allocator = counters.zeroed.allocator + library.cleared;
  const simulated = simulatedTime({ ...counters, zeroed: { ...counters.zeroed, allocator } }, costs);
  return {
    ...{ allocator: model, options: settings as OptionValues, way, chunk, body },
    ...notesOf(sandbox),
    counters,
    library,
    simulated,
    bytesPerSecond: simulated.seconds === 0 ? null : body / simulated.seconds,
  };
}

/** Every read: a buffer, at most a record in it, and its end. */
function readBody(sandbox: Sandbox, { way, chunk, body, onProgress }: IterContentRun) {
  const perRead = Math.min(chunk, TLS_RECORD_BYTES);
  const library = { reads: 0, cleared: 0, needless: 0 };
  for (let left = body; left > 0; left -= perRead) {
    const { address, cleared, needless } = WAYS[way](sandbox, chunk);
    if (address === 0)
      throw new OutOfMemory(sandbox.lastError?.remedy ?? `there is no buffer of ${chunk} bytes`);
    sandbox.touch(address, Math.min(left, perRead));
    sandbox.free(address);
    library.reads++;
    library.cleared += cleared;
    library.needless += needless;
    if (library.reads % BATCH === 0) onProgress?.(library.reads, Math.ceil(body / perRead));
  }
  return library;
}

/** Clears a buffer as the library did. Returns how many of its bytes already read as zero. */
export function clearBuffer(
  allocator: Pick<Allocator, "fill" | "pages" | "pageBytes">,
  address: number,
  bytes: number,
): number {
  const needless = zeroBytes(allocator, address, bytes);
  allocator.fill(address, 0, bytes);
  return needless;
}

/** Bytes of a range on pages that are known to be all zero. What is zero on a page that holds anything is not counted. */
function zeroBytes(allocator: Parameters<typeof clearBuffer>[0], address: number, bytes: number): number {
  const end = address + bytes;
  const { pageBytes } = allocator;
  let zero = 0;
  for (const run of allocator.pages(address, bytes)) {
    if (run.state === "written" || run.state === "shared") continue;
    zero += Math.min(end, run.address + run.pages * pageBytes) - Math.max(address, run.address);
  }
  return zero;
}
