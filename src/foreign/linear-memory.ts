import type { Width } from "../allocator/access.js";
import { SegmentationFault } from "../base/errors.js";

/**
 * The program's own accesses to the memory of a foreign module. On the host's side this alone knows where in
 * the memory the module's address 0 is.
 */
export class LinearMemory {
  constructor(
    private readonly memory: WebAssembly.Memory,
    /** Bytes before the module's address 0. */
    readonly base: number,
    /** Told of every access; `write` is 1 or 0. */
    private readonly note: (address: number, bytes: number, write: number) => void,
  ) {}

  /** Size of the module's own part. */
  get bytes(): number {
    return this.memory.buffer.byteLength - this.base;
  }

  load(address: number, width: Width): bigint {
    const view = this.#view(address, width, "read");
    if (width === 8) return view.getBigUint64(0, true);
    return BigInt(
      width === 4 ? view.getUint32(0, true) : width === 2 ? view.getUint16(0, true) : view.getUint8(0),
    );
  }

  store(address: number, value: bigint, width: Width): void {
    const view = this.#view(address, width, "write");
    if (width === 8) view.setBigUint64(0, value, true);
    else if (width === 4) view.setUint32(0, Number(value), true);
    else if (width === 2) view.setUint16(0, Number(value), true);
    else view.setUint8(0, Number(value));
  }

  /** @throws SegmentationFault if the range is not in memory. */
  check(address: number, bytes: number, access: "read" | "write"): void {
    if (address + bytes <= this.bytes) return;
    const first = Math.max(address, this.bytes);
    throw new SegmentationFault(
      `${access} of address 0x${first.toString(16)}, beyond the module's memory of ${this.bytes} bytes`,
      first,
      access,
    );
  }

  #view(address: number, bytes: number, access: "read" | "write"): DataView {
    this.check(address, bytes, access);
    this.note(address, bytes, access === "write" ? 1 : 0);
    return new DataView(this.memory.buffer, this.base + address, bytes);
  }
}
