/** Records under Valgrind, where nothing can be compiled or preloaded: it takes tens of times as long. */

import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readTrace } from "../../trace/read.js";
import type { Trace } from "../../trace/trace.js";

/** What runs a command so that each process leaves a log in a folder. */
export function underValgrind(folder: string): string[] {
  return [
    ...[
      "valgrind",
      "--trace-malloc=yes",
      "--trace-children=yes",
      "--undef-value-errors=no",
      "--leak-check=no",
    ],
    // Also where malloc is in the program itself.
    "--soname-synonyms=somalloc=NONE",
    `--log-file=${join(folder, "%p.log")}`,
  ];
}

/** The logs by process, in the order of their numbers. */
export async function readLogs(folder: string): Promise<{ process: number; path: string }[]> {
  const names = (await readdir(folder)).filter((name) => /^\d+\.log$/.test(name));
  const logs = names.map((name) => ({ process: Number.parseInt(name, 10), path: join(folder, name) }));
  return logs.sort((one, other) => one.process - other.process);
}

export const readLog = (path: string): Promise<Trace> =>
  readTrace(createReadStream(path), { format: "valgrind" });
