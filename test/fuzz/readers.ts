/**
 * The readers of wasm, of traces and of gzip, guided by coverage: inputs that reach code which no other had reached are kept, and
 * more are made of them (as AFL does, Zalewski 2013). The parts of a case are its bytes. What a seed comes to depends on what the
 * seeds before it found; a case that fails runs again by itself.
 */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { readTrace, TraceError } from "../../src/index.js";
import { RandomProgram } from "../meter/random-program.js";
import { Random } from "../random.js";
import { assemble } from "../wasm/assemble.js";
import { Coverage } from "./coverage.js";
import type { Case, Counts, Fuzzer } from "./fuzzer.js";
import { readModule } from "./mutants.js";
import { realLogs } from "./traces.js";

export interface Reader {
  reader: "wasm" | "trace" | "gzip";
}

type Input = Case<number, Reader>;

const READERS = ["wasm", "trace", "gzip"] as const;
/** Inputs of a seed. */
const INPUTS = 500;
/** Longer inputs are cut: most of what they hold is more of the same. */
const LONGEST = 6000;

/** Where packed traces are: as of LOGS in traces.ts. */
const FILES = new URL("../../test/trace/", import.meta.url);

const coverage = new Coverage((url) => /\/(src|build\/fuzz)\//.test(url));
const corpora = new Map<string, number[][]>();

export const readers: Fuzzer<number, Reader> = {
  cases: (seed) => coverage.during(casesOf(seed)),

  async run({ setting: { reader }, parts }: Input): Promise<Counts> {
    const bytes = Uint8Array.from(parts);
    const wasRead = await (reader === "wasm"
      ? readModule(bytes)
      : reader === "trace"
        ? readsTrace(bytes)
        : unzips(bytes));
    return { inputs: 1, read: wasRead ? 1 : 0 };
  },

  simpler: (byte) => (byte === 48 || byte === 0 ? [] : [0, 48]),
  show: ({ setting, parts }) => `${setting.reader}: ${Buffer.from(parts).toString("latin1")}`,
  tells: () =>
    `${[...corpora.values()].flat().length} inputs kept, ${coverage.characters} characters of code reached`,
};

function* casesOf(seed: number): Generator<Input> {
  const random = new Random(seed);
  const setting = { reader: READERS[seed % READERS.length] as Reader["reader"] };
  const corpus = corpusOf(setting);
  for (let i = 0; i < INPUTS; i++) {
    const parts = mutated(corpus, random);
    yield { setting, parts };
    // It was run meanwhile.
    if (coverage.isNew()) corpus.push(parts);
  }
}

// ---- Readers ----

/** Operations of a trace, or -1 if it was refused. @throws what is no TraceError */
async function operationsOf(bytes: Uint8Array): Promise<number> {
  let operations = 0;
  try {
    for await (const { count } of await readTrace(bytes)) operations += count;
    return operations;
  } catch (error) {
    if (error instanceof TraceError) return -1;
    throw error;
  }
}

const readsTrace = async (bytes: Uint8Array): Promise<boolean> => (await operationsOf(bytes)) >= 0;

/** What was packed is read as it is by itself; what is damaged is refused. */
async function unzips(bytes: Uint8Array): Promise<boolean> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return readsTrace(bytes);
  const operations = await operationsOf(bytes);
  const plain = unzipped(bytes);
  if (!plain) assert.equal(operations, -1, "what is damaged is refused");
  else assert.equal(operations, await operationsOf(plain), "operations of what was packed");
  return operations >= 0;
}

function unzipped(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

// ---- Inputs ----

/** What was found for a reader so far; at first, real files. */
function corpusOf({ reader }: Reader): number[][] {
  const known = corpora.get(reader);
  if (known) return known;
  const corpus = (reader === "wasm" ? modules() : reader === "trace" ? traces() : traces().map(zipped)).map(
    (bytes) => [...bytes.subarray(0, LONGEST)],
  );
  corpora.set(reader, corpus);
  return corpus;
}

const zipped = (bytes: Uint8Array): Uint8Array => gzipSync(bytes);

const modules = (): Uint8Array[] =>
  [1, 2, 3].map((seed) => assemble(new RandomProgram(new Random(seed)).module()));

function traces(): Uint8Array[] {
  return [
    ...realLogs(),
    ...["frames.zst", "heaptrack.zst"].map((name) => readFileSync(new URL(name, FILES))),
  ];
}

/** One of the inputs with a few changes: bytes, numbers, chunks that go, come twice, or are another input's. */
function mutated(corpus: readonly number[][], random: Random): number[] {
  const bytes = [...random.pick(corpus)];
  for (let i = 1 << random.below(4); i > 0; i--) {
    const at = random.below(bytes.length + 1);
    const few = 1 + random.below(1 << random.below(7));
    const kind = random.below(7);
    if (kind < 2)
      bytes[Math.min(at, bytes.length - 1)] = random.pick([random.below(256), 0, 0x7f, 0xff, 10, 32, 48]);
    else if (kind === 2) bytes[Math.min(at, bytes.length - 1)] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else if (kind === 3) bytes.splice(at, few);
    else if (kind === 4) bytes.splice(at, 0, ...bytes.slice(at, at + few));
    else {
      const other = random.pick(corpus);
      const from = random.below(other.length);
      bytes.splice(at, kind === 5 ? few : 0, ...other.slice(from, from + few));
    }
  }
  return bytes.slice(0, LONGEST);
}
