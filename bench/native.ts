/** The system's own malloc beside the models (native.c), where there is a C compiler. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Native {
  /** Milliseconds of `count` times calloc(1, bytes) and free. */
  loop(bytes: number, count: number): number;
  /** Milliseconds of a trace's records in a fresh process. */
  replay(records: Uint8Array): number;
  /** Milliseconds of CPU time of the eighth replay in one process, of a trace that frees all. */
  steady(records: Uint8Array): number;
  close(): void;
}

/** Which allocator it is. */
export interface NativeAllocator {
  /** A library that takes the place of the system's malloc. */
  preloaded?: string;
  /** What lies over it. */
  layer?: "pymalloc";
}

/** What makes malloc and so on Python's, without initialising it. */
const PYTHON = [
  ...["malloc", "calloc", "realloc", "free"].map(
    (name) => `-D${name}=PyObject_${name[0]?.toUpperCase()}${name.slice(1)}`,
  ),
  "-lpython3.11",
];

/** Compiles it. Null where there is no C compiler, or a library is missing. */
export function openNative({ preloaded, layer }: NativeAllocator = {}): Native | null {
  if (preloaded && !existsSync(preloaded)) return null;
  const folder = mkdtempSync(join(tmpdir(), "zeropage-"));
  const program = join(folder, "native");
  const close = () => rmSync(folder, { recursive: true });
  try {
    const source = fileURLToPath(new URL("native.c", import.meta.url));
    execFileSync("cc", [
      "-O2",
      "-fno-builtin-malloc",
      "-fno-builtin-calloc",
      "-fno-builtin-free",
      "-o",
      program,
      source,
      ...(layer ? PYTHON : []),
    ]);
  } catch {
    close();
    return null;
  }
  const env = { ...process.env, ...(preloaded && { LD_PRELOAD: preloaded }) };
  const run = (...args: string[]) => Number(execFileSync(program, args, { env }));
  const runOn = (records: Uint8Array, how: string, times: string) => {
    const file = join(folder, "records");
    writeFileSync(file, records);
    return run(how, file, times);
  };
  return {
    loop: (bytes, count) => run("loop", String(bytes), String(count)),
    replay: (records) => runOn(records, "replay", "1"),
    steady: (records) => runOn(records, "steady", "8"),
    close,
  };
}
