/**
 * `npm run fuzz [-- NAME… --seed 1 --for 60s --runs N]`: looks for disagreements, seed after seed, until the time is up or one is
 * found, which it shrinks and writes to a file. Without a name, each fuzzer in turn. It ends with a line of counts for each,
 * and exit code 1 if anything was found. `npm run fuzz -- NAME --case FILE` runs what was found again.
 *
 *   programs   verified random programs (src/fuzz), on all models
 *   calls      random calls of sandboxes, right and wrong, small machines, checkpoints; a model for each seed
 *   traces     hostile traces of each format
 *   own        modules of ours, against an exact oracle of touched pages
 *   mutants    damaged modules: refused by a typed error exactly where the engine refuses them
 *   binaryen   modules of Binaryen's generator, metered against unmetered
 *   readers    of wasm, traces and gzip, guided by coverage
 *   frames     each frame the last that there is; and `host`, each growth of the host's memory
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Explored, explore, shown, summary } from "./explore.js";
import type { Fuzzer } from "./fuzzer.js";
import { FUZZERS, findFuzzer } from "./fuzzers.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "1" },
    for: { type: "string", default: "60s" },
    runs: { type: "string", default: "Infinity" },
    case: { type: "string" },
  },
});

/** @throws Error for what is no time, such as `90s`, `5m` or `1h` */
function seconds(text: string): number {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`--for takes a time such as 90s, 5m or 1h, not "${text}"`);
  return Number(number) * ({ s: 1, m: 60, h: 3600 }[unit || "s"] as number);
}

async function run(name: string): Promise<void> {
  const fuzzer = await findFuzzer(name);
  const first = Number(values.seed);
  const end = performance.now() + 1000 * seconds(values.for);
  const goesOn = (seed: number) => performance.now() < end && seed - first < Number(values.runs);
  const explored = await explore(fuzzer, first, goesOn);
  if (explored.finding) await tell(name, fuzzer, explored);
  console.log([summary(name, explored), fuzzer.tells?.()].filter(Boolean).join("; "));
}

/** Says what was found, and how to run it again. */
async function tell(name: string, fuzzer: Fuzzer<unknown, unknown>, { finding }: Explored): Promise<void> {
  if (!finding) return;
  const file = `build/fuzz/${name}-${finding.seed}.json`;
  await mkdir("build/fuzz", { recursive: true });
  await writeFile(file, JSON.stringify(finding.case));
  console.error(`${name}: ${shown(fuzzer, finding)}\n\nAgain: npm run fuzz -- ${name} --case ${file}`);
  process.exitCode = 1;
}

if (values.case !== undefined) {
  const [name = ""] = positionals;
  console.log(await (await findFuzzer(name)).run(JSON.parse(await readFile(values.case, "utf8"))));
} else {
  for (const name of positionals.length > 0 ? positionals : Object.keys(FUZZERS)) await run(name);
}
