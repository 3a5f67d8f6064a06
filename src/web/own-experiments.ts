/**
 * Experiments that run by themselves, whatever is on the page: with the allocators and flags that the command line has
 * by default. Loaded when one is asked for, in the Worker that draws.
 */
import type { Asked, Experiment } from "../experiments/experiment.js";
import { fork } from "../experiments/fork/experiment.js";
import { huge } from "../experiments/huge/experiment.js";
import { idleZeroing } from "../experiments/idle-zeroing/experiment.js";
import { luajit } from "../experiments/luajit/experiment.js";
import { serveFile } from "../experiments/serve-file/experiment.js";
import { sockets } from "../experiments/sockets/experiment.js";
import type { OnProgress } from "./player.js";
import type { Answer, OwnExperiment } from "./protocol.js";
import { parseChoice } from "./state.js";

export const EXPERIMENTS: Readonly<Record<OwnExperiment, Experiment>> = {
  fork,
  "idle-zeroing": idleZeroing,
  luajit,
  "serve-file": serveFile,
  sockets,
  huge,
};

/** Runs one, and draws it. Progress counts its results. */
export async function runOwn(name: OwnExperiment, onProgress: OnProgress): Promise<Answer<"experiment">> {
  const experiment = EXPERIMENTS[name];
  const asked = askedOf(experiment);
  const jobs = experiment.jobs(asked);
  const results: unknown[] = [];
  for (const { run } of jobs) {
    onProgress({ done: results.length, total: jobs.length });
    results.push(await run(() => {}));
  }
  const record = await experiment.record(asked, results);
  return { svg: experiment.chart.draw(record), sheet: experiment.sheet(record) };
}

/** What the command line asks for if no flag is given. */
export function askedOf({ flags, allocators, functions }: Experiment): Asked {
  const labels = allocators?.list.split(",") ?? [];
  return {
    flags: Object.fromEntries(
      Object.entries(flags).map(([name, { parse, default: preset }]) => [name, parse(preset, name)]),
    ),
    allocators: labels.map((label) => {
      const { allocator: model, options } = parseChoice(label);
      return { label, run: { model, options } };
    }),
    functions,
  };
}
