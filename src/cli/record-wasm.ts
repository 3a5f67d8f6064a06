/** `zeropage record` of a WASI program. */

import { statSync } from "node:fs";
import { basename } from "node:path";
import { formatBytes, formatCount } from "../base/bytes.js";
import { ModuleTrap, UsageError } from "../base/errors.js";
import { parseTime } from "../base/flags.js";
import { formatShare, joinWords } from "../base/numbers.js";
import { printable } from "../base/printable.js";
import { moduleOptions } from "../foreign/module-options.js";
import { isNumbered } from "../foreign/numbered.js";
import type { DrivenBy } from "../record/module/driven.js";
import type { RecordedNames } from "../record/module/find.js";
import type { Idle } from "../record/module/idle.js";
import type { Zeroed } from "../record/module/recorder.js";
import type { RecordedFunction } from "../record/module/recording.js";
import type { WasiProgram } from "../record/wasi/program.js";
import { type RunningProgram, runWasi } from "../record/wasi/run.js";
import { jsonReport } from "../report/json.js";
import type { Environment } from "./environment.js";
import { EXIT, reportError } from "./exit.js";
import { parseModule, readModuleBytes } from "./modules.js";
import { prepareStream } from "./outfile.js";
import { openProgress } from "./progress.js";
import { beforeWriting, prepareTraceFile, writeTraceFile } from "./trace-file.js";

/** The flags of `zeropage record` that a wasm module has a use for, as typed. */
export interface RecordWasmFlags {
  output?: string;
  sites?: boolean;
  json?: string;
  dir?: string[];
  env?: string[];
  timeout?: string;
}

/** Runs a program and writes what it asked of its allocator. Returns the exit code of the program. */
export async function recordWasm(
  [module, ...args]: readonly [string, ...string[]],
  flags: RecordWasmFlags,
  timesEvery: number | undefined,
  environment: Environment,
): Promise<number> {
  const choice = parseModule(module);
  const { functions = {}, convention } = moduleOptions(choice.options);
  const program: WasiProgram = {
    wasm: await readModuleBytes(choice.model),
    ...{ functions: numbered(functions), convention, sites: flags.sites ?? false, timesEvery },
    ...{
      // Not its path, which would be in its memory: what is recorded is the same wherever the file lies.
      args: [basename(choice.model), ...args],
      env: readEnv(flags.env, environment),
      folders: readFolders(flags.dir),
    },
  };
  const seconds = flags.timeout === undefined ? undefined : parseTime(flags.timeout, "--timeout");
  const json = flags.json === undefined ? undefined : prepareStream("--json", flags.json);
  const stream = await prepareTraceFile(flags.output, choice.model);
  const running = await beforeWriting(stream, () => runWasi(program));
  const guard = guarded(running, seconds, environment);
  const progress = openProgress(environment.stderr);
  const header = `# recorded by zeropage ${environment.version}: ${printable([choice.model, ...args].join(" "))}\n`;
  const operations = await writeTraceFile(running.trace, stream, header, (done) => {
    progress.show(`${choice.model}: ${formatCount(done)} operations`);
  }).finally(() => {
    progress.clear();
    guard.end();
  });
  const exit = running.exit();
  const summary = summaryOf({ operations, file: stream.path }, running);
  json?.append(jsonReport(summary, environment.version));
  json?.finish();
  tell(choice.model, summary, environment);
  const why = guard.why ?? (exit?.trap && `the program trapped: ${printable(exit.trap)}`);
  if (why) reportError(new ModuleTrap(why), environment);
  return exit?.exitCode ?? EXIT.failed;
}

/** Numbers of functions are written as such. */
function numbered(functions: Readonly<Record<string, string>>): RecordedNames {
  const entries = Object.entries(functions).map(([role, name]) => [
    role,
    /^\d+$/.test(name) ? Number(name) : name,
  ]);
  return Object.fromEntries(entries);
}

/** Reads NAME=VALUE, and a NAME whose value is this process's. Others the program does not see. */
function readEnv(typed: readonly string[] = [], { env }: Environment): Record<string, string> {
  return Object.fromEntries(
    typed.map((text) => {
      const [, name = text, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      return [name, value ?? env[name] ?? ""];
    }),
  );
}

/** Reads HOST::GUEST, and a folder that is called the same by both. */
function readFolders(typed: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    typed.map((text) => {
      const [host = text, guest = host] = text.split("::");
      if (!statSync(host, { throwIfNoEntry: false })?.isDirectory()) {
        throw new UsageError(`--dir: "${host}" is no folder: write HOST::GUEST, or the path of a folder`);
      }
      return [guest, host];
    }),
  );
}

interface Guard {
  /** Why it ended the program; undefined if it did not. */
  readonly why: string | undefined;
  end(): void;
}

/** Ends a program that takes longer than it may, or when the person says so. What was recorded until then is kept. */
function guarded(running: RunningProgram, seconds: number | undefined, environment: Environment): Guard {
  let why: string | undefined;
  const stop = (reason: string) => {
    why = reason;
    running.stop();
  };
  const late = () => stop(`the program did not end within ${seconds} seconds: allow a longer --timeout`);
  const timer = seconds === undefined ? undefined : setTimeout(late, 1000 * seconds);
  const undo = environment.onInterrupt?.(() => stop("interrupted"));
  return {
    get why() {
      return why;
    },
    end() {
      clearTimeout(timer);
      undo?.();
    },
  };
}

/** What JSON says of a program that was recorded. */
export interface WasmSummary {
  operations: number;
  file: string;
  /** Null if the program trapped, or was ended. */
  exitCode: number | null;
  /** What is known once a program has begun. */
  functions?: RecordedFunction[];
  /** How a replay drives the same allocator; null where that is not known. */
  drivenBy?: DrivenBy | null;
  /** Bytes that its allocator cleared; null if that is not known. */
  zeroed?: Zeroed | null;
  /** Bytes that memory.discard would give back. */
  discardable?: Idle;
  notes: string[];
}

const ENDED = "the program was ended: what it did until then is in the trace";

function summaryOf(written: Pick<WasmSummary, "operations" | "file">, running: RunningProgram): WasmSummary {
  const [exit, record] = [running.exit(), running.record()];
  const notes = [...(exit ? [] : [ENDED]), ...running.trace.notes.losses];
  const summary = { ...written, exitCode: exit?.exitCode ?? null, notes };
  if (!record) return summary;
  const { functions, drivenBy, zeroed, idle } = record;
  return { ...summary, functions, drivenBy, zeroed, discardable: idle };
}

function tell(
  name: string,
  { functions, drivenBy, zeroed, discardable, ...summary }: WasmSummary,
  { stderr }: Environment,
): void {
  const { operations, file, notes } = summary;
  if (functions)
    stderr.write(`recorded ${joinWords([...new Set(functions.map((one) => printable(one.name)))])}\n`);
  stderr.write(`wrote ${file}: ${name}, ${formatCount(operations)} operations\n`);
  if (zeroed === null)
    stderr.write(
      "what its calloc cleared is not known: it has no memory.fill (-mbulk-memory), and no memset with a name\n",
    );
  if (zeroed) {
    const share = formatShare(zeroed.needless, zeroed.bytes);
    stderr.write(
      `its calloc cleared ${formatBytes(zeroed.bytes)}; ${formatBytes(zeroed.needless)} (${share}) were zero already\n`,
    );
  }
  if (discardable) stderr.write(`${toldIdle(discardable)}\n`);
  if (drivenBy && Object.values(drivenBy.functions).some(isNumbered))
    stderr.write(`its own allocator, with what it does not export: ${toldChoice(name, drivenBy)}\n`);
  for (const note of notes) stderr.write(`note: ${name}: ${note}\n`);
}

/** An allocator as `--allocator` takes it. */
function toldChoice(name: string, { functions, convention }: DrivenBy): string {
  const options = [...Object.entries(functions), ["convention", convention]];
  return `--allocator ${name}${options.map(([option, value]) => `:${option}=${value}`).join("")}`;
}

/** What lies idle, in a line. */
function toldIdle({ bytes, peak }: Idle): string {
  if (peak.bytes === 0)
    return "all pages of its heap that it wrote have live blocks: memory.discard, a proposal, would give nothing back";
  const most = `at most ${formatBytes(peak.bytes)} (after ${formatCount(peak.calls)} operations)`;
  return `written pages that no block needs any more: ${formatBytes(bytes)} at the end, ${most}; memory.discard, a proposal, would give them back`;
}
