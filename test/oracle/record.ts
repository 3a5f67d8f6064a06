/**
 * Records the golden files from the glibc of this machine, from the libraries that were fetched, and from those that are
 * preloaded: * `npm run oracle`.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { parseArgs } from "node:util";
import { outcomesOn } from "../glibc/misuse.js";
import { RealHeap } from "../glibc/puppet.js";
import { type GoldenClears, recordClears } from "./clears.js";
import {
  digest,
  formatGolden,
  GOLDEN_TOUCHES,
  type GoldenSequences,
  type GoldenTrace,
  goldenFolder,
  hashTrace,
} from "./golden.js";
import { LIBRARIES } from "./libraries.js";
import { requireZeroPage, whyNotLive } from "./live.js";
import { environmentOf } from "./model.js";
import { findOracle, MODELLED_GLIBC, type Oracle, type OracleRun } from "./oracle.js";
import { recordLibrary } from "./record-preloaded.js";
import {
  GOLDEN_SEEDS,
  GOLDEN_VERSIONS,
  type NamedTrace,
  REAL_TRACES,
  realTrace,
  seededTrace,
  sequenceTraces,
  shortNamedTraces,
  threadNamedTraces,
} from "./traces.js";

const { values } = parseArgs({
  options: { version: { type: "string", multiple: true }, only: { type: "string", multiple: true } },
});

async function record(oracle: Oracle, trace: NamedTrace): Promise<GoldenTrace> {
  const { name, records, goldenInterval: interval, options = {} } = trace;
  const job = { records, interval, environment: environmentOf(options) };
  const looks = { trace: true, stats: true, info: true };
  const [none, object] = await oracle.run(
    GOLDEN_TOUCHES.map((touch) => ({ ...job, touch, ...(touch === "none" && looks) })),
  );
  return digest(name, records, interval, { none: none as OracleRun, object: object as OracleRun });
}

async function recordAll(oracle: Oracle, traces: NamedTrace[]): Promise<GoldenTrace[]> {
  const recorded: GoldenTrace[] = [];
  for (const trace of traces) recorded.push(await record(oracle, trace));
  return recorded;
}

async function write(oracle: Oracle, folder: URL, name: string, traces: GoldenTrace[]): Promise<void> {
  const { glibc, packageVersion: version } = oracle;
  const text = formatGolden({ glibc, package: version, kernel: release(), traces });
  await writeFile(new URL(`${name}.json`, folder), text);
  console.log(`${name}.json: ${traces.length} of glibc ${version ?? glibc}, ${text.length} bytes`);
}

async function recordSequences(oracle: Oracle, folder: URL, calls: number): Promise<void> {
  const { glibc, packageVersion } = oracle;
  const traces = await recordAll(oracle, await sequenceTraces(calls));
  const hashes = traces.map(hashTrace).join("");
  const golden: GoldenSequences = { glibc, package: packageVersion, kernel: release(), calls, hashes };
  await writeFile(new URL("sequences.json", folder), `${JSON.stringify(golden, null, 2)}\n`);
}

async function recordAllClears(oracle: Oracle, folder: URL, version: string): Promise<void> {
  const recorded: GoldenClears[] = [];
  for (const name of REAL_TRACES) {
    for (const touch of GOLDEN_TOUCHES)
      recorded.push(await recordClears(oracle, await realTrace(name), touch, { version }));
  }
  await writeFile(new URL("clears.json", folder), `${JSON.stringify(recorded, null, 2)}\n`);
}

async function recordMisuse(folder: URL, version: string): Promise<void> {
  const outcomes = await outcomesOn(
    async () => new RealHeap({}, version),
    (heap) => heap.close(),
  );
  await writeFile(new URL("misuse.json", folder), `${JSON.stringify(outcomes, null, 2)}\n`);
}

interface Recording {
  oracle: Oracle;
  folder: URL;
  version: string;
}

const traces =
  (name: string, all: () => NamedTrace[] | Promise<NamedTrace[]>) =>
  async ({ oracle, folder }: Recording): Promise<void> =>
    write(oracle, folder, name, await recordAll(oracle, await all()));

/** What makes each file. */
const FILES: Record<string, (recording: Recording) => Promise<void>> = {
  ...Object.fromEntries(
    REAL_TRACES.map((name) => [name, traces(name, async () => [await realTrace(name)])] as const),
  ),
  random: traces("random", () => GOLDEN_SEEDS.map(seededTrace)),
  short: traces("short", shortNamedTraces),
  sequences: ({ oracle, folder }) => recordSequences(oracle, folder, 3),
  clears: ({ oracle, folder, version }) => recordAllClears(oracle, folder, version),
  misuse: ({ folder, version }) => recordMisuse(folder, version),
  threads: async (recording) => {
    if (recording.version === MODELLED_GLIBC) await traces("threads", threadNamedTraces)(recording);
  },
};

async function recordVersion(version: string): Promise<void> {
  const found = await findOracle(version);
  const reason = whyNotLive(found, version);
  if (found.state === "absent" || reason) throw new Error(`glibc ${version} is not recorded: ${reason}`);
  const folder = goldenFolder(version);
  await mkdir(folder, { recursive: true });
  for (const [name, recordFile] of Object.entries(FILES)) {
    if (values.only?.includes(name) ?? true) await recordFile({ oracle: found.oracle, folder, version });
  }
}

requireZeroPage();
for (const version of values.version ?? [...GOLDEN_VERSIONS, ...LIBRARIES.map(({ name }) => name)]) {
  const library = LIBRARIES.find(({ name }) => name === version);
  await (library ? recordLibrary(library) : recordVersion(version));
}
