/** Files that the replay on one allocator writes beside its report: addresses, and the texts that allocators have for people. */
import type { Allocator } from "../allocator/allocator.js";
import { UsageError } from "../base/errors.js";
import type { TraceRun } from "../experiments/replay/run.js";
import { hasArenas } from "../sandbox/glibc-figures.js";
import { mallocInfo } from "../sandbox/malloc-info.js";
import { hasMallocStats, MODELS_WITH_STATS, mallocStats } from "../sandbox/malloc-stats.js";
import { Sandbox } from "../sandbox/sandbox.js";
import { AddressLines } from "./addresses.js";
import { type OutStream, prepareStream } from "./outfile.js";

/** Their flags, as typed. */
export interface SideFileFlags {
  addresses?: string;
  mallocStats?: string;
  mallocInfo?: string;
}

/** A text of an allocator, which only some have. */
interface Text {
  textOf(sandbox: Sandbox): string;
  isOf(model: string): boolean;
  owners: string;
}

const STATS: Text = {
  textOf: mallocStats,
  isOf: hasMallocStats,
  owners: `the models ${MODELS_WITH_STATS} have this text`,
};
const INFO: Text = { textOf: mallocInfo, isOf: hasArenas, owners: "the model glibc has this text" };

type Hooks = Pick<TraceRun, "onResults" | "onLook">;

interface SideFile {
  stream: OutStream;
  hooks: Hooks;
}

/** All of them; none if no flag asks for one. */
export class SideFiles {
  private constructor(private readonly files: readonly SideFile[]) {}

  /** Makes sure that each can be written. `models`: the allocators that are asked for. @throws UsageError */
  static async prepare(flags: SideFileFlags, models: readonly string[]): Promise<SideFiles> {
    const { addresses, mallocStats: stats, mallocInfo: info } = flags;
    const asked = [
      addresses !== undefined && prepareAddresses(addresses, models),
      stats !== undefined && prepareText("--malloc-stats", stats, STATS, models),
      info !== undefined && prepareText("--malloc-info", info, INFO, models),
    ];
    const files: SideFile[] = [];
    for (const one of asked) if (one) files.push(await one);
    return new SideFiles(files);
  }

  /** What a replay calls for them. */
  hooks(): Hooks {
    const results = this.files.flatMap(({ hooks }) => hooks.onResults ?? []);
    const looks = this.files.flatMap(({ hooks }) => hooks.onLook ?? []);
    return {
      ...(results.length && { onResults: (...of) => results.forEach((call) => void call(...of)) }),
      ...(looks.length && { onLook: (allocator) => looks.forEach((call) => void call(allocator)) }),
    };
  }

  finish(): void {
    for (const { stream } of this.files) stream.finish();
  }

  discard(): void {
    for (const { stream } of this.files) stream.discard();
  }

  get paths(): string[] {
    return this.files.map(({ stream }) => stream.path);
  }
}

function onlyOne(flag: string, models: readonly string[]): void {
  if (models.length !== 1)
    throw new UsageError(`${flag}: name exactly one --allocator; there are ${models.length} for one file`);
}

async function prepareAddresses(path: string, models: readonly string[]): Promise<SideFile> {
  onlyOne("--addresses", models);
  const stream = prepareStream("--addresses", path);
  const lines = new AddressLines();
  return { stream, hooks: { onResults: (results, chunk) => stream.append(lines.next(results, chunk)) } };
}

/** A text at each mark of the trace and at its end, one behind the other, as of a program that asks for it there. */
async function prepareText(
  flag: string,
  path: string,
  { textOf, isOf, owners }: Text,
  models: readonly string[],
): Promise<SideFile> {
  onlyOne(flag, models);
  if (!isOf(models[0] ?? "")) throw new UsageError(`${flag}: only ${owners}: name it as the --allocator`);
  const stream = prepareStream(flag, path);
  const onLook = (allocator: Allocator) => {
    if (allocator instanceof Sandbox) stream.append(textOf(allocator));
  };
  return { stream, hooks: { onLook } };
}
