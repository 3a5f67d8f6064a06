/** A Worker of the page: answers one call after another, and reports progress. */
import { CHART_POINTS, COMPARED, changesOf } from "../experiments/cinnabar/compared.js";
import {
  type CinnabarResult,
  type CinnabarWorkload,
  findCliffs,
  findCostKind,
  ProcessError,
  readTrace,
  runCinnabar,
  type WasmSource,
} from "../index.js";
import { COUNTS } from "./measure.js";
import { playModule, prepareModule } from "./module.js";
import { playModel } from "./playable.js";
import { type OnProgress, Player } from "./player.js";
import {
  type Answer,
  type Argument,
  type CallName,
  type Chosen,
  isModule,
  type Moment,
  type Progress,
  type Reply,
  type Request,
  type SentError,
} from "./protocol.js";
import { sitePictures } from "./site-picture.js";
import { parseChoice } from "./state.js";
import { traceTape } from "./tape.js";

/** The part of a Worker's global scope that is used here. The compiler knows only a page's. */
interface Scope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(reply: Reply, transfer?: Transferable[]): void;
}
const scope = globalThis as unknown as Scope;

const PROGRESS_MS = 50;

type Handlers = {
  [Name in CallName]: (argument: Argument<Name>, onProgress: OnProgress) => Promise<Answer<Name>>;
};

let player: Player | undefined;

function openPlayer(): Player {
  if (!player) throw new Error("nothing is open");
  return player;
}

/** Where a module comes from: its file; one without a file is known by its name. */
async function sourceOf({ choice, module }: Chosen): Promise<WasmSource> {
  return module ? new Uint8Array(await module.arrayBuffer()) : choice.allocator;
}

async function prepare(chosen: Chosen) {
  return prepareModule(chosen.choice.allocator, await sourceOf(chosen), await chosen.glue?.text());
}

/** An allocator in the form that the library's scenarios take. */
async function run(chosen: Chosen, onProgress: OnProgress) {
  const { allocator: model, options } = chosen.choice;
  const open = isModule(chosen.choice) ? await prepare(chosen) : undefined;
  const tell = (done: number, total: number) => onProgress({ done, total });
  return { model, options, ...(open && { open }), onProgress: tell };
}

/** Git-cinnabar's program on all that it is compared on. Progress counts runs. */
async function runCompared(workload: CinnabarWorkload, onProgress: OnProgress): Promise<CinnabarResult[]> {
  const runs = COMPARED.flatMap((label, i) => changesOf(i).map((without) => ({ label, without })));
  const results: CinnabarResult[] = [];
  for (const { label, without } of runs) {
    onProgress({ done: results.length, total: runs.length });
    const { allocator: model, options } = parseChoice(label);
    results.push(await runCinnabar({ model, options, workload, without, points: CHART_POINTS }));
  }
  return results;
}

const handlers: Handlers = {
  async readTrace({ source, process }, onProgress) {
    const bytes = typeof source === "string" ? source : source.stream();
    const trace = await readTrace(bytes, process === undefined ? {} : { process });
    const tape = await traceTape(trace, (done) => onProgress({ done }));
    return { tape, notes: trace.notes };
  },
  async open({ tape, touch, ...chosen }, onProgress) {
    player = undefined;
    const { choice } = chosen;
    const playable = isModule(choice) ? playModule(await prepare(chosen)) : await playModel(choice);
    const opened = await Player.open(tape, choice, playable, touch, onProgress);
    player = opened.player;
    return opened.played;
  },
  seek: async ({ position, inside }, onProgress) => openPlayer().moment(position, inside, onProgress),
  pageHistory: async ({ address, position }, onProgress) =>
    openPlayer().history(address, position, onProgress),
  course: ({ count, from, to }) => openPlayer().course(COUNTS[count].of, from, to),
  async profile(job, onProgress) {
    if (job.form === "live") return openPlayer().livePaths(onProgress);
    const callPaths = await openPlayer().callPaths(onProgress);
    const { profileFile } = await import("./profile-file.js");
    return profileFile(callPaths, job);
  },
  costKind: async ({ bytes, written, ...chosen }, onProgress) =>
    findCostKind({ ...(await run(chosen, onProgress)), bytes, written }),
  cliffs: async ({ from, to, ...chosen }, onProgress) =>
    findCliffs({ ...(await run(chosen, onProgress)), from, to }),
  cinnabar: runCompared,
  async experiment(name, onProgress) {
    const { runOwn } = await import("./own-experiments.js");
    return runOwn(name, onProgress);
  },
  async tune(job, onProgress) {
    const { searchSettings } = await import("./settings-search.js");
    return searchSettings(job, onProgress);
  },
  async others(job, onProgress) {
    const { runOnOthers } = await import("./others.js");
    return runOnOthers(job, onProgress);
  },
  sites: (job) => sitePictures(job),
};

/** Passes on progress no more often than a person can see. */
function throttled(send: OnProgress): OnProgress {
  let last = performance.now();
  return (progress: Progress) => {
    if (performance.now() - last < PROGRESS_MS) return;
    last = performance.now();
    send(progress);
  };
}

function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message } = error;
  return { name, message, ...(error instanceof ProcessError && { processes: error.processes }) };
}

/** The parts of an answer that are moved instead of copied. */
function transferable(name: CallName, answer: unknown): Transferable[] {
  if (name === "readTrace") return [(answer as Answer<"readTrace">).tape.records.buffer as ArrayBuffer];
  if (name === "course") return [(answer as Answer<"course">).buffer];
  if (name !== "seek") return [];
  const { runs, objects, regions } = answer as Moment;
  const { addresses, pages, details } = runs;
  return [addresses, pages, details, ...Object.values(objects), regions].map(({ buffer }) => buffer);
}

async function answer({ id, name, argument }: Request): Promise<void> {
  const handler = handlers[name] as (argument: unknown, onProgress: OnProgress) => Promise<unknown>;
  try {
    const result = await handler(
      argument,
      throttled((progress) => scope.postMessage({ id, progress })),
    );
    scope.postMessage({ id, answer: result }, transferable(name, result));
  } catch (error) {
    scope.postMessage({ id, error: sentError(error) });
  }
}

let queue = Promise.resolve();
scope.onmessage = ({ data }) => {
  queue = queue.then(() => answer(data));
};
