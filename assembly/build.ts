/**
 * Compiles every registered model, and the bare machine, twice: release and check build.
 * A module whose sources are older than it is left alone; `--force` compiles all.
 */
import { fork } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import binaryen from "assemblyscript/binaryen";
import { GLOBAL_PREFIX } from "../src/sandbox/instance.js";
import { models } from "../src/sandbox/models.js";

interface Job {
  entry: string;
  /** Which allocator stands behind assembly/model.ts; null for the bare machine. */
  model: string | null;
  output: string;
  target: "release" | "check";
  flags?: string[];
}

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TOP = fileURLToPath(new URL("..", import.meta.url));

/** AssemblyScript's own allocators, to compare others with: by name, the runtime each is part of. */
const RUNTIMES: Job[] = Object.entries({ "as-tlsf": "minimal", "as-stub": "stub" }).map(
  ([name, runtime]) => ({
    entry: "assembly/as-heap.ts",
    model: null,
    output: `build/${name}.wasm`,
    target: "release",
    flags: ["--runtime", runtime],
  }),
);

/** What drives foreign modules, and what measures that: linked to them, and so without a machine. */
const FOREIGN: Job[] = [
  ...["bench-empty", "bench-calls"].map((name) => ({
    entry: `assembly/${name}.ts`,
    model: null,
    output: `build/${name}.wasm`,
    target: "release" as const,
  })),
  { entry: "assembly/driver.ts", model: null, output: "build/driver.wasm", target: "release" },
  {
    entry: "assembly/patterns.ts",
    model: null,
    output: "build/patterns.wasm",
    target: "release",
    flags: ["--importMemory"],
  },
];

const MODELS: Job[] = ["release" as const, "check" as const].flatMap((target) => {
  const suffix = target === "check" ? ".check.wasm" : ".wasm";
  const bench = { entry: "assembly/bench-abi.ts", model: null, output: "build/bench.wasm", target };
  // Its functions move into modules that bring the memory.
  const flags = ["--importMemory", "--noExportMemory"];
  const meter = { entry: "assembly/meter.ts", model: null, output: "build/meter.wasm", target, flags };
  return [
    ...(target === "release" ? [bench, meter] : []),
    { entry: "assembly/machine-abi.ts", model: null, output: `build/machine${suffix}`, target },
    ...models.map(({ name }) => ({
      entry: "assembly/abi.ts",
      model: name,
      output: `build/${name}${suffix}`,
      target,
    })),
  ];
});

/** Models without call paths, to measure what those cost. Built when asked for by name. */
const UNMARKED: Job[] = models.map(({ name }) => ({
  entry: "assembly/abi.ts",
  model: name,
  output: `build/bench-${name}.unmarked.wasm`,
  target: "release",
  flags: ["--use", "abort=", "--use", "ZP_UNMARKED=1"],
}));

const jobs = [...MODELS, ...FOREIGN, ...RUNTIMES];

async function compile(job: Job): Promise<void> {
  const { error, stderr } = await asc.main(
    [
      ...[job.entry, "--target", job.target, "--transform", "./assembly/inline.ts"],
      ...[...(job.flags ?? []), "--outFile", job.output],
    ],
    {
      // The one place where a model is chosen: assembly/model.ts names it.
      readFile: async (name, base) => {
        if (job.model && /(^|\/)assembly\/model\.ts$/.test(name)) {
          return `export { Model } from "./allocators/${job.model}";`;
        }
        return readFile(resolve(base, name), "utf8").catch(() => null);
      },
      writeFile: (name, contents, base) =>
        writeFile(resolve(base, name), typeof contents === "string" ? contents : exportGlobals(contents)),
    },
  );
  if (error) throw new Error(`${job.output}: ${error.message}\n${stderr.toString()}`);
}

/**
 * Exports every mutable global, so that a checkpoint can hold them. Done to the finished module, for the
 * optimizer must leave alone what is exported.
 */
function exportGlobals(wasm: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(wasm);
  for (let index = 0; index < module.getNumGlobals(); index++) {
    const { name, mutable } = binaryen.getGlobalInfo(module.getGlobalByIndex(index));
    if (mutable) module.addGlobalExport(name, `${GLOBAL_PREFIX}${index}`);
  }
  return module.emitBinary();
}

async function newestSource(): Promise<number> {
  const names = await readdir(HERE, { recursive: true });
  const times = names
    .filter((name) => name.endsWith(".ts"))
    .map(async (name) => (await stat(HERE + name)).mtimeMs);
  const configs = ["asconfig.json", "src/sandbox/models.ts"].map(
    async (name) => (await stat(TOP + name)).mtimeMs,
  );
  return Math.max(...(await Promise.all([...times, ...configs])));
}

async function isStale(job: Job, newest: number): Promise<boolean> {
  const built = await stat(TOP + job.output).catch(() => null);
  return !built || built.mtimeMs < newest;
}

/** asc keeps a core busy, so each job gets a process of its own. */
function runApart(job: Job): Promise<void> {
  return new Promise((done, fail) => {
    const child = fork(fileURLToPath(import.meta.url), [job.output]);
    child.on("exit", (code) => (code === 0 ? done() : fail(new Error(`${job.output} was not built`))));
  });
}

async function runAll(queue: Job[]): Promise<void> {
  for (let job = queue.shift(); job; job = queue.shift()) {
    await runApart(job);
    console.log(job.output);
  }
}

async function main(): Promise<void> {
  await mkdir(`${TOP}build`, { recursive: true });
  const newest = process.argv.includes("--force") ? Number.POSITIVE_INFINITY : await newestSource();
  const stale = await Promise.all(jobs.map((job) => isStale(job, newest)));
  const queue = jobs.filter((_, i) => stale[i]);
  await Promise.all(cpus().map(() => runAll(queue)));
}

process.chdir(TOP);
const own = [...jobs, ...UNMARKED].find((job) => process.argv.includes(job.output));
await (own ? compile(own) : main());
