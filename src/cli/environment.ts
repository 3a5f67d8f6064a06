import type { Library } from "./library.js";

/** The part of a writable stream the command line uses. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** Everything outside the command line, given by `main.ts` or by a test. */
export interface Environment {
  stdout: Output;
  stderr: Output;
  stdin: AsyncIterable<Uint8Array>;
  env: Readonly<Record<string, string | undefined>>;
  /** The version `--version` prints. */
  version: string;
  library: Library;
  page: WebPage;
  /** One line on this host: its CPU, and the version of Node. */
  description?: string;
  /** Makes the first Ctrl-C call `stop`; the next one ends the process as usual. Returns a function that undoes this. */
  onInterrupt?(stop: () => void): () => void;
}

/** The page that `zeropage web` serves. */
export interface WebPage {
  folder: URL;
  /** Resolves when the person or the system wants the command to end. */
  untilStopped(): Promise<unknown>;
}
