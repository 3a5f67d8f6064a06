/** What recording costs the program that is recorded, against the same without it, in turn. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findRecorder } from "../src/record/native/compile.js";

const ROUNDS = 7;
const RECORDER = fileURLToPath(new URL("../src/record/native/recorder", import.meta.url));
const PYTHON = "d = {}\nfor i in range(200000): d[str(i)] = [i] * 100\nsorted(d)";

/** How it is recorded, as the recorder is told; null for not at all. */
const WAYS = { bare: null, plain: "", sites: "sites=32", touches: "touches", exact: "touches=each" } as const;
type Way = keyof typeof WAYS;

interface Cost {
  /** CPU time in seconds, of the fastest round. */
  cpu: number;
  /** Bytes of the record. */
  bytes: number;
}

/** Prints, for each program and way, CPU time against the bare run's. */
export async function benchRecord(): Promise<void> {
  const recorder = await findRecorder(process.env);
  if (recorder.state === "absent") return console.log(`not measured: ${recorder.reason}`);
  const folder = mkdtempSync(join(tmpdir(), "zeropage-bench-"));
  try {
    for (const [name, command] of Object.entries(programs(folder))) {
      const costs = measure(command, recorder.path, folder);
      for (const way of Object.keys(WAYS) as Way[]) console.log(rowOf(name, way, costs));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** git over this repository; the C compiler proper on the recorder's own source; a script that makes objects. */
function programs(folder: string): Record<string, string[]> {
  const source = join(folder, "recorder.i");
  writeFileSync(source, execFileSync("gcc", ["-E", join(RECORDER, "recorder.c")]));
  const cc1 = execFileSync("gcc", ["-print-prog-name=cc1"], { encoding: "utf8" }).trim();
  const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
    encoding: "utf8",
  }).trim();
  return {
    "git log -p": ["git", "log", "-p", "-200"],
    cc1: [cc1, "-quiet", "-O2", source, "-o", "/dev/null"],
    python3: [python, "-c", PYTHON],
  };
}

function measure(command: string[], library: string, folder: string): Record<Way, Cost> {
  const costs = Object.fromEntries(
    Object.keys(WAYS).map((way) => [way, { cpu: Number.POSITIVE_INFINITY, bytes: 0 }]),
  ) as Record<Way, Cost>;
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of Object.keys(WAYS) as Way[]) {
      const records = mkdtempSync(join(folder, "records-"));
      const cpu = run(command, way, library, records);
      const bytes = readdirSync(records).reduce((sum, name) => sum + statSync(join(records, name)).size, 0);
      rmSync(records, { recursive: true });
      costs[way] = { cpu: Math.min(costs[way].cpu, cpu), bytes };
    }
  }
  return costs;
}

/** CPU time of a run, in seconds. The shell that tells it is not recorded. */
function run(command: string[], way: Way, library: string, records: string): number {
  const how = WAYS[way];
  const variables = [`LD_PRELOAD=${library}`, `ZEROPAGE_RECORD=${records}`, `ZEROPAGE_RECORD_HOW=${how}`];
  const words = how === null ? command : ["env", ...variables, ...command];
  const { stderr, status } = spawnSync(
    "bash",
    ["-c", 'TIMEFORMAT="%U %S"; time "$@" >/dev/null', "bash", ...words],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`${command[0]} failed: ${stderr}`);
  const [user = Number.NaN, system = Number.NaN] = (stderr.trim().split("\n").at(-1) ?? "")
    .split(" ")
    .map(Number);
  return user + system;
}

function rowOf(name: string, way: Way, costs: Record<Way, Cost>): string {
  const { cpu, bytes } = costs[way];
  const ratio = (cpu / costs.bare.cpu).toFixed(2);
  return `${name.padEnd(12)} ${way.padEnd(8)} ${cpu.toFixed(3)} s  ${ratio}  ${(bytes / 1e6).toFixed(1)} MB`;
}
