/** The program's loads and stores of many bytes, through a part of memory that host and machine pass each other. */
import type { MachineExports } from "./exports.js";

/** As many as assembly/program.ts passes at once. */
const TRANSFER_BYTES = 65536;

/** @throws what an access to unmapped memory raises, before anything happens, as below. */
export function readBytes(exports: MachineExports, address: number, bytes: number): Uint8Array {
  exports.require(address, bytes, 0);
  const read = new Uint8Array(bytes);
  for (let done = 0; done < bytes; done += TRANSFER_BYTES) {
    const some = Math.min(TRANSFER_BYTES, bytes - done);
    exports.copyOut(address + done, some);
    read.set(transferred(exports, some), done);
  }
  return read;
}

export function writeBytes(exports: MachineExports, address: number, bytes: Uint8Array): void {
  exports.require(address, bytes.length, 1);
  for (let done = 0; done < bytes.length; done += TRANSFER_BYTES) {
    const some = bytes.subarray(done, done + TRANSFER_BYTES);
    transferred(exports, some.length).set(some);
    exports.copyIn(address + done, some.length);
  }
}

/** Looked up each time: memory that grows moves. */
function transferred({ memory, transferAddress }: MachineExports, bytes: number): Uint8Array {
  const at = transferAddress() >>> 0;
  return new Uint8Array(memory.buffer, at, bytes);
}
