import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { ownModule } from "../src/base/own-file.js";
import { closeTrace } from "../src/compare/closed-trace.js";
import { models, openModel, readTrace, type Trace } from "../src/index.js";
import { type CollectedTrace, collectTrace, traceOf } from "../src/trace/collect.js";
import { LIBRARIES } from "../test/oracle/libraries.js";
import { cpuTime, interleave, type Measured } from "./measure.js";
import { type Native, type NativeAllocator, openNative } from "./native.js";

const ROUNDS = 9;
const STEADY_ROUNDS = 25;
/** Replays before an engine has compiled all that is hot. */
const WARM_UP = 5;
/** By model: what is timed beside it. */
const REAL: Readonly<Record<string, NativeAllocator>> = {
  glibc: {},
  "pymalloc/glibc": { layer: "pymalloc" },
  ...Object.fromEntries(LIBRARIES.map(({ name, file }) => [name, { preloaded: file }])),
};
const nameOf = (model: string) => `the real ${model}`;
const TRACES = ["git-log", "cc1"] as const;

async function open(name: string): Promise<Trace> {
  const path = fileURLToPath(new URL(`traces/${name}.txt.gz`, import.meta.url));
  return readTrace(createReadStream(path));
}

/** Operations per second of the wasm loop, for each model and trace, and of reading the trace. */
export async function benchReplay(): Promise<void> {
  const natives = openNatives();
  for (const name of TRACES) {
    const trace = await collectTrace(await open(name));
    const modules = new Map<string, WebAssembly.Module>();
    for (const { name: model, file } of models) {
      modules.set(model, await ownModule(file));
    }
    // All rounds use one module, so that the first warms up the engine for the others.
    const tasks = [...modules].map(([model, module]) => [
      model,
      async () => {
        const sandbox = await openModel(model, { module });
        const start = performance.now();
        await sandbox.replay(traceOf([trace], trace.notes));
        return performance.now() - start;
      },
    ]);
    const figures = await interleave<string>(
      {
        ...Object.fromEntries(tasks),
        ...timed(natives, (native) => native.replay(trace.records)),
        "reading the file": async () => readAll(name),
      },
      ROUNDS,
    );
    tell(name, trace.count, figures);
    await benchSteady(name, trace, natives);
  }
  for (const [, native] of natives) native.close();
}

type Natives = readonly (readonly [model: string, Native])[];

/** Those that are there. */
function openNatives(): Natives {
  const all = Object.entries(REAL).map(([model, real]) => [model, openNative(real)] as const);
  return all.flatMap(([model, native]) => (native ? [[model, native] as const] : []));
}

/** Tasks that time each. */
const timed = (natives: Natives, time: (native: Native) => number) =>
  Object.fromEntries(natives.map(([model, native]) => [nameOf(model), () => time(native)]));

/** The same in CPU time, without what only a first replay costs: the trace frees all, and one sandbox replays it again. */
async function benchSteady(name: string, trace: CollectedTrace, natives: Natives): Promise<void> {
  const closed = closeTrace(trace);
  const records = closed.records.slice();
  const again = traceOf([{ records, count: closed.count }], trace.notes);
  const tasks: [string, () => Promise<number>][] = [];
  for (const { name: model } of models) {
    const sandbox = await openModel(model);
    for (let i = 0; i < WARM_UP; i++) await sandbox.replay(again);
    tasks.push([model, () => cpuTime(() => sandbox.replay(again))]);
  }
  const figures = await interleave<string>(
    { ...Object.fromEntries(tasks), ...timed(natives, (native) => native.steady(records)) },
    STEADY_ROUNDS,
  );
  tell(`${name}, steady`, closed.count, figures);
}

function tell(name: string, count: number, figures: Record<string, Measured>): void {
  for (const [task, { median, spread }] of Object.entries(figures)) {
    const speed = count / median / 1000;
    console.log(
      `${name}, ${task}: ${speed.toFixed(1)} million operations a second (± ${(spread * 100).toFixed(0)} %)`,
    );
  }
  for (const model of Object.keys(REAL)) {
    const [real, own] = [figures[nameOf(model)], figures[model]];
    if (!real || !own) continue;
    const share = (real.median / own.median).toFixed(2);
    console.log(`${name}: the model of ${model} reaches ${share} of the real speed`);
  }
}

async function readAll(name: string): Promise<number> {
  const start = performance.now();
  await collectTrace(await open(name));
  return performance.now() - start;
}
