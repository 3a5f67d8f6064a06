import { compile, OURS, open } from "../test/runtime/compile.js";
import { CHURN, GRAPH, LIBRARY } from "../test/runtime/programs.js";
import { cpuTime, interleave } from "./measure.js";

const PROGRAMS = { library: [LIBRARY, 10_000], graph: [GRAPH, 100_000], churn: [CHURN, 100_000] } as const;
const THEIRS = ["incremental", "minimal"];
const ROUNDS = 15;
const WARM_UP = 3;

/** CPU time of AssemblyScript's programs on its runtimes and on ours, and the memory they have in the end. */
export async function benchRuntime(): Promise<void> {
  for (const [name, [source, count]] of Object.entries(PROGRAMS)) {
    const tasks = new Map<string, () => Promise<number>>();
    const pages = new Map<string, () => number>();
    for (const runtime of [...THEIRS, ...OURS]) {
      const program = await open(await compile(source, runtime));
      const round = () => {
        program.run(count);
        if (runtime.endsWith("minimal")) program.collect();
      };
      for (let i = 0; i < WARM_UP; i++) round();
      tasks.set(runtime, () => cpuTime(async () => round()));
      pages.set(runtime, () => program.memory.buffer.byteLength / 2 ** 20);
    }
    const figures = await interleave<string>(Object.fromEntries(tasks), ROUNDS);
    const theirs = figures.incremental?.median ?? Number.NaN;
    for (const [runtime, { median, spread }] of Object.entries(figures)) {
      const ratio = (theirs / median).toFixed(2);
      const memory = pages.get(runtime)?.().toFixed(1);
      console.log(
        `${name}, ${runtime}: ${median.toFixed(1)} ms (± ${(spread * 100).toFixed(0)} %), ${ratio} of the speed of incremental; ${memory} MiB`,
      );
    }
  }
}
