/** A trace as one case more of a check: it is replayed on the module, and every block is looked at. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { formatCount } from "../base/bytes.js";
import { TraceError, UnknownImport, UsageError, ZeropageError } from "../base/errors.js";
import type { Outcome, Verdict } from "../conformance/outcome.js";
import type { JailOptions, JailResult } from "../jail/replay.js";
import type { Environment } from "./environment.js";
import { openSource, type TraceSource } from "./source.js";

const CASE = {
  name: "trace",
  promise: "the objects of a real program lie apart and keep their contents, and what calloc gives is zero",
};

/** As the cases have it. */
const MOST_BYTES = 2 ** 32;

/** The trace that the page shows: of the package, or of a clone whose page is not built. */
const BUNDLED = [
  new URL("../web/assets/git-log.txt.gz", import.meta.url),
  new URL("../../bench/traces/git-log.txt.gz", import.meta.url),
];

/** Opens a trace: as typed, or the one that comes with zeropage. @throws UsageError if that is not there. */
export const openTrace = (typed: string | true, { stdin }: Environment): Promise<TraceSource> =>
  openSource(typed === true ? bundledTrace() : typed, stdin, 1);

function bundledTrace(): string {
  const found = BUNDLED.map((url) => fileURLToPath(url)).find(existsSync);
  if (found !== undefined) return found;
  throw new UsageError("--trace: no trace came with zeropage here: name a file");
}

/** Replays it, verified. @throws what is wrong with the trace, which says nothing of the module. */
export async function checkTrace(
  wasm: Uint8Array,
  source: TraceSource,
  options: JailOptions,
  { library }: Environment,
): Promise<Outcome> {
  try {
    const trace = await library.readTrace(source.open());
    const limited = { memoryBytes: MOST_BYTES, ...options };
    const verdict = await library.replayInJail(wasm, trace, limited).then(told, blame);
    return { ...CASE, again: `--trace ${source.name}`, ...verdict };
  } finally {
    await source.close();
  }
}

function told({ operations, failedAllocations }: JailResult): Verdict {
  if (failedAllocations > 0) {
    const count = formatCount(failedAllocations);
    return { state: "skip", reason: `its memory ended: ${count} allocations failed; raise --memory` };
  }
  return { state: "pass", told: `${formatCount(operations)} operations were replayed` };
}

/** @throws an error that is not the module's, such as one of the trace. */
function blame(error: unknown): Verdict {
  if (!(error instanceof ZeropageError) || error instanceof TraceError) throw error;
  if (error instanceof UnknownImport) return { state: "undecided", reason: error.message };
  return { state: "fail", seen: `${error.name}: ${error.message}`, calls: [] };
}
