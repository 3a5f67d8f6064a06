/** Records under Valgrind, where nothing can be compiled or preloaded: it takes tens of times as long. */
import { createReadStream } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { readTrace } from "../../trace/read.js";
import type { Trace } from "../../trace/trace.js";

const OPTIONS = [
  ...["--trace-malloc=yes", "--trace-children=yes", "--undef-value-errors=no", "--leak-check=no"],
];
/** Bytes of a log that have the name of the program. */
const HEAD_BYTES = 4096;

/** The log of a process. */
export interface ProcessLog {
  process: number;
  /** Of the program that it was first. */
  name: string;
  path: string;
}

/** What runs a command so that each process leaves a log in a folder. */
export function underValgrind(folder: string): [string, ...string[]] {
  return ["valgrind", ...OPTIONS, `--log-file=${join(folder, "%p.log")}`];
}

/** The logs in a folder, by the numbers of the processes. */
export async function readLogs(folder: string): Promise<ProcessLog[]> {
  const names = (await readdir(folder)).filter((name) => /^\d+\.log$/.test(name));
  const logs = names.map(async (name) => {
    const path = join(folder, name);
    return { process: Number.parseInt(name, 10), name: await programOf(path), path };
  });
  return (await Promise.all(logs)).sort((one, other) => one.process - other.process);
}

async function programOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const [, program = "program"] =
      /^==\d+== Command: (\S+)/m.exec(buffer.toString("utf8", 0, bytesRead)) ?? [];
    return basename(program);
  } finally {
    await file.close();
  }
}

/** Opens the trace in a log. */
export const readLog = (path: string): Promise<Trace> =>
  readTrace(createReadStream(path), { format: "valgrind" });
