import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openModel, readTrace } from "../src/index.js";
import { collectTrace, traceOf } from "../src/trace/collect.js";
import { interleave } from "./measure.js";

const ROUNDS = 25;
const TRACES = ["git-log", "cc1"] as const;
const MODELS = ["glibc", "libmalloc"] as const;

const top = fileURLToPath(new URL("..", import.meta.url));

async function compile(output: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(`${top}build/${output}`));
}

/** What call paths cost: replays with them, compared with replays of builds without them. */
export async function benchMarks(): Promise<void> {
  for (const model of MODELS) {
    const unmarked = `${model}.unmarked`;
    execFileSync(process.execPath, ["assembly/build/main.mjs", unmarked], { cwd: top });
    const modules = { with: await compile(`${model}.wasm`), without: await compile(`${unmarked}.wasm`) };
    for (const name of TRACES) {
      const path = fileURLToPath(new URL(`traces/${name}.txt.gz`, import.meta.url));
      const trace = await collectTrace(await readTrace(createReadStream(path)));
      const replay = (module: WebAssembly.Module) => async () => {
        const sandbox = await openModel(model, { module });
        const start = performance.now();
        await sandbox.replay(traceOf([trace], trace.notes));
        return performance.now() - start;
      };
      const figures = await interleave(
        { with: replay(modules.with), without: replay(modules.without) },
        ROUNDS,
      );
      const ratio = figures.with.median / figures.without.median;
      const percent = ((ratio - 1) * 100).toFixed(1);
      console.log(
        `${name}, ${model}: call paths cost ${percent} % (± ${(figures.with.spread * 100).toFixed(0)} %)`,
      );
    }
  }
}
