import type { OutFile } from "./outfile.js";

/** Keeps a record in a file. A disk that is full for a while loses nothing that was done: the next record has all. */
export class Keeper {
  /** Why the last record could not be written. */
  failure: unknown;

  constructor(private readonly file: OutFile | undefined) {}

  keep(text: () => string): void {
    try {
      this.file?.write(text());
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
    }
  }
}
