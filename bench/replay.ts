import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { models, openSandbox, readTrace, type Trace } from "../src/index.js";
import { collectTrace, traceOf } from "../src/trace/collect.js";
import { interleave } from "./measure.js";
import { openNative } from "./native.js";

const ROUNDS = 9;
const TRACES = ["git-log", "cc1"] as const;

async function open(name: string): Promise<Trace> {
  const path = fileURLToPath(new URL(`traces/${name}.txt.gz`, import.meta.url));
  return readTrace(createReadStream(path));
}

/** Operations per second of the wasm loop, for each model and trace, and of reading the trace. */
export async function benchReplay(): Promise<void> {
  const native = openNative();
  for (const name of TRACES) {
    const trace = await collectTrace(await open(name));
    const modules = new Map<string, WebAssembly.Module>();
    for (const { name: model, url } of models) {
      modules.set(model, await WebAssembly.compile(await readFile(url)));
    }
    // All rounds use one module, so that the first warms up the engine for the others.
    const tasks = [...modules].map(([model, module]) => [
      model,
      async () => {
        const sandbox = await openSandbox(model, { module });
        const start = performance.now();
        await sandbox.replay(traceOf([trace], trace.notes));
        return performance.now() - start;
      },
    ]);
    const figures = await interleave<string>(
      {
        ...Object.fromEntries(tasks),
        ...(native && { "the system's malloc": () => native.replay(trace.records) }),
        "reading the file": async () => readAll(name),
      },
      ROUNDS,
    );
    for (const [task, { median, spread }] of Object.entries(figures)) {
      const speed = trace.count / median / 1000;
      console.log(
        `${name}, ${task}: ${speed.toFixed(1)} million operations a second (± ${(spread * 100).toFixed(0)} %)`,
      );
    }
    const [real, model] = [figures["the system's malloc"], figures.glibc];
    if (real && model) {
      console.log(
        `${name}: the model of glibc reaches ${(real.median / model.median).toFixed(2)} of the real speed`,
      );
    }
  }
  native?.close();
}

async function readAll(name: string): Promise<number> {
  const start = performance.now();
  await collectTrace(await open(name));
  return performance.now() - start;
}
