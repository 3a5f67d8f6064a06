/** Records the golden files from the glibc of this machine: `npm run oracle`. */
import { mkdir, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { digest, formatGolden, GOLDEN_TOUCHES, type GoldenTrace } from "./golden.js";
import { findOracle, MODELLED_GLIBC, type Oracle, type OracleRun } from "./oracle.js";
import { GOLDEN_SEEDS, type NamedTrace, REAL_TRACES, realTrace, seededTrace } from "./traces.js";

const FOLDER = new URL("../golden/glibc/", import.meta.url);

async function record(oracle: Oracle, trace: NamedTrace): Promise<GoldenTrace> {
  const { name, records, goldenInterval: interval } = trace;
  const [none, object] = await oracle.run(
    GOLDEN_TOUCHES.map((touch) => ({ records, touch, interval, trace: touch === "none" })),
  );
  return digest(name, records, interval, { none: none as OracleRun, object: object as OracleRun });
}

async function write(oracle: Oracle, name: string, traces: GoldenTrace[]): Promise<void> {
  const { glibc, packageVersion: version } = oracle;
  const text = formatGolden({ glibc, package: version, kernel: release(), traces });
  await writeFile(new URL(`${name}.json`, FOLDER), text);
  console.log(`${name}.json: ${traces.length} of glibc ${version ?? glibc}, ${text.length} bytes`);
}

const found = await findOracle();
if (found.state === "absent") throw new Error(found.reason);
const { oracle } = found;
if (oracle.glibc !== MODELLED_GLIBC) {
  throw new Error(`this is glibc ${oracle.glibc}; golden files are of ${MODELLED_GLIBC}`);
}
await mkdir(FOLDER, { recursive: true });
for (const name of REAL_TRACES) await write(oracle, name, [await record(oracle, await realTrace(name))]);
const random: GoldenTrace[] = [];
for (const seed of GOLDEN_SEEDS) random.push(await record(oracle, seededTrace(seed)));
await write(oracle, "random", random);
