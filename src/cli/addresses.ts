import { OpKind, TraceRecords } from "../trace/records.js";
import type { TraceChunk } from "../trace/trace.js";

/**
 * Writes a line for each operation: the address it returned, in hexadecimal (0x0 if it returned
 * none), or `-` if the operation allocates nothing. Line n is operation n, so that `diff` can
 * compare two allocators.
 */
export class AddressLines {
  #chunk: TraceChunk | undefined;
  #done = 0;

  /** The lines of the chunk's next operations, one for each address. */
  next(addresses: readonly number[], chunk: TraceChunk): string {
    if (chunk !== this.#chunk) this.#done = 0;
    this.#chunk = chunk;
    const records = new TraceRecords(chunk.records);
    let lines = "";
    for (const address of addresses) {
      const allocates = records.kind(this.#done++) <= OpKind.realloc;
      lines += allocates ? `0x${address.toString(16)}\n` : "-\n";
    }
    return lines;
  }
}
