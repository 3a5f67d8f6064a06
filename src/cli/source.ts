import { createReadStream } from "node:fs";
import { access, constants, type FileHandle, mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../base/errors.js";
import { useInput } from "./file-uses.js";

const CHUNK_BYTES = 65_536;

/** Where a trace comes from. Each allocator reads it once from its start. */
export interface TraceSource {
  name: string;
  /** Reads the trace from its start. Call it as often as was announced, one reading after another. */
  open(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens `file`, or stdin for `-`, for `times` readings. A source that can be read only once (stdin,
 * a pipe) is copied to a temporary file if there are several, so that memory stays constant.
 */
export async function openSource(
  file: string,
  stdin: AsyncIterable<Uint8Array>,
  times: number,
): Promise<TraceSource> {
  const name = file === "-" ? "stdin" : file;
  if (file !== "-") useInput(file);
  if (file !== "-" && (await isRegularFile(file))) {
    return { name, open: () => createReadStream(file), close: async () => {} };
  }
  return spooled(name, file === "-" ? stdin : createReadStream(file), times);
}

async function isRegularFile(file: string): Promise<boolean> {
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) throw new Error("it is a folder");
    await access(file, constants.R_OK);
    return stats.isFile();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "permission denied" : message;
    throw new UsageError(`cannot read trace "${file}": ${reason}`);
  }
}

/**
 * Makes a stream readable `times` times. Each reading but the last copies what it takes to the
 * temporary file. So nothing is read ahead, and a bad line ends a reading at once. A reading that
 * stops early leaves the rest to the next.
 */
async function spooled(name: string, stream: AsyncIterable<Uint8Array>, times: number): Promise<TraceSource> {
  const source = stream[Symbol.asyncIterator]();
  const file = times > 1 ? await openNameless() : undefined;
  let readings = 0;
  async function* read(): AsyncGenerator<Uint8Array> {
    const last = ++readings >= times;
    if (file) yield* readFromStart(file);
    for (let next = await source.next(); !next.done; next = await source.next()) {
      if (!last) await file?.appendFile(next.value);
      yield next.value;
    }
  }
  return {
    name,
    open: read,
    async close() {
      await source.return?.();
      await file?.close();
    },
  };
}

/** Opens a temporary file and removes its name, so that the file disappears however the process ends. */
async function openNameless(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), "zeropage-"));
  try {
    return await open(join(folder, "trace"), "ax+");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* readFromStart(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
