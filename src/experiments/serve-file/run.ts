/**
 * A program that serves a file from the disk, twice: first when nothing of it is in the page cache, then when all is.
 *
 *      read       disk ─▶ page cache ─copy─▶ buffer ─copy─▶ socket
 *      mmap       disk ─▶ page cache ═mapped═▶ ───────copy─▶ socket
 *      sendfile   disk ─▶ page cache ════════════════════▶ socket
 */
import { totalFaults } from "../../allocator/counters.js";
import { checkOneOf, checkRange, LARGEST } from "../../base/arguments.js";
import { OutOfMemory } from "../../base/errors.js";
import type { OptionValues } from "../../results/run.js";
import {
  SERVE_WAYS,
  type ServeFileResult,
  type ServeRound,
  type ServeWay,
} from "../../results/serve-file.js";
import type { SimulatedFile } from "../../sandbox/files.js";
import { openModel } from "../../sandbox/open.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { type ModelRun, notesOf } from "../open.js";

/** What `runServeFile` runs. */
export interface ServeFileRun extends ModelRun {
  way: ServeWay;
  /** Length of the file, and of the buffer of `read`, in bytes. */
  size: number;
  buffer: number;
}

/** Serves a file once. */
type Serve = (sandbox: Sandbox, file: SimulatedFile, at: number, buffer: number) => void;

/** What the program has before it serves: the address of a buffer, or a mapping. */
const PREPARED: Record<ServeWay, (sandbox: Sandbox, file: SimulatedFile, buffer: number) => number> = {
  read: (sandbox, _, buffer) => sandbox.malloc(buffer),
  mmap: (_, file) => file.map({ shared: true }),
  sendfile: () => 1,
};

const SERVED: Record<ServeWay, Serve> = {
  read(sandbox, file, at, buffer) {
    for (let offset = 0; offset < file.bytes; offset += buffer)
      sandbox.send(at, file.read(at, buffer, offset));
  },
  mmap(sandbox, file, at) {
    sandbox.send(at, file.bytes);
  },
  sendfile(_, file) {
    file.send(file.bytes);
  },
};

/**
 * Serves a file in one way, on a model whose machine has files.
 * @throws RangeError, OptionError; SandboxError where there are no files; OutOfMemory
 */
export async function runServeFile(run: ServeFileRun): Promise<ServeFileResult> {
  const { model, options = {}, way, size, buffer } = run;
  checkOneOf("way", way, SERVE_WAYS);
  checkRange("size", size, 1, LARGEST);
  checkRange("buffer", buffer, 1, LARGEST);
  const { check: _check, module: _module, ...settings } = options;
  const sandbox = await openModel(model, options);
  const file = sandbox.createFile({ bytes: size, written: true });
  const at = PREPARED[way](sandbox, file, buffer);
  if (at === 0) throw new OutOfMemory(`there is no room to serve ${size} bytes: ask for less`);
  const rounds = [0, 1].map(() => roundOf(sandbox, () => SERVED[way](sandbox, file, at, buffer)));
  if (options.check) sandbox.check();
  const { cachedBytes } = sandbox.files();
  const resident = sandbox.residentSets();
  sandbox.close();
  const [first, again] = rounds as [ServeRound, ServeRound];
  const notes = notesOf(sandbox);
  return {
    ...{ allocator: model, options: settings as OptionValues, ...notes },
    ...{ way, first, again, cachedBytes, resident },
  };
}

/** What happens while a file is served once. */
function roundOf(sandbox: Sandbox, serve: () => void): ServeRound {
  const before = totalsOf(sandbox);
  serve();
  const after = totalsOf(sandbox);
  return {
    faults: after.faults - before.faults,
    diskReadBytes: after.diskReadBytes - before.diskReadBytes,
    copiedToUser: after.copiedToUser - before.copiedToUser,
    copiedFromUser: after.copiedFromUser - before.copiedFromUser,
  };
}

function totalsOf(sandbox: Sandbox): ServeRound {
  const { faults, diskReadBytes, copiedToUser, copiedFromUser } = sandbox.files();
  const ofFiles = faults.map + faults.copy + faults.makeWritable;
  return {
    faults: totalFaults(sandbox.counters().faults) + ofFiles,
    ...{ diskReadBytes, copiedToUser, copiedFromUser },
  };
}
