/** The module that rewritten ones call: build/recorder.wasm. */
import { type OwnFile, ownModule } from "../../base/own-file.js";

const RECORDER: OwnFile = {
  name: "wasm/recorder.wasm",
  url: () => new URL("../../../build/recorder.wasm", import.meta.url),
};

/** assembly/recorder.ts */
export interface RecorderExports {
  memory: WebAssembly.Memory;
  log(): number;
  events(): number;
  forget(): void;
  askSites(): void;
  stop(): void;
  enter(): void;
  leave(kind: number, pointer: number, first: number, second: number, result: number): void;
  read(address: number, bytes: number): void;
  write(address: number, bytes: number): void;
  clear(address: number, bytes: number, zeroes: number): void;
  clearedBytes(): number;
  needlessBytes(): number;
}

/** What the recorder asks of its host. */
export interface RecorderHost {
  /** The log is full: take it. */
  take: () => void;
  /** The number of who calls now. */
  site: () => number;
}

export async function openRecorder({ take, site }: RecorderHost): Promise<RecorderExports> {
  const module = await ownModule(RECORDER);
  const { exports } = new WebAssembly.Instance(module, { recorder: { take, site } });
  return exports as unknown as RecorderExports;
}
