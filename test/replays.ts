import { readModule } from "#read-module";
import { type Counters, models, openModel, readTrace, type TouchPolicy } from "../src/index.js";

/** One real trace on one model. */
export interface Replay {
  model: string;
  trace: "git-log" | "cc1";
  touch: TouchPolicy;
}

export const replays: readonly Replay[] = models.flatMap(({ name: model }) =>
  (["git-log", "cc1"] as const).flatMap((trace) =>
    (["none", "object"] as const).map((touch) => ({ model, trace, touch })),
  ),
);

export const label = ({ model, trace, touch }: Replay): string => `${trace} on ${model}, touch ${touch}`;

/** Replays it, frees what it keeps, and gives what was counted, on Node and in browsers alike. */
export async function runReplay({ model, trace, touch }: Replay, check: boolean): Promise<Counters> {
  const file = await readModule(new URL(`../bench/traces/${trace}.txt.gz`, import.meta.url));
  const bytes = file instanceof Response ? await file.arrayBuffer() : file;
  const source = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  const sandbox = await openModel(model, { check });
  const { failedAllocations } = await sandbox.replay(await readTrace(source), { touch });
  if (failedAllocations) throw new Error(`${failedAllocations} allocations failed`);
  sandbox.check();
  return sandbox.counters();
}
