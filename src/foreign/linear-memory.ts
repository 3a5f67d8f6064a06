import type { Width } from "../allocator/access.js";
import { SegmentationFault } from "../base/errors.js";
import { WASM_PAGE_BYTES } from "../wasm/pages.js";

/**
 * The program's own accesses to the memory of a foreign module. On the host's side this alone knows where in
 * the memory the module's address 0 is.
 */
export class LinearMemory {
  /** All of the memory as it last was. Once the memory grows, this one is too short, or has no length any more. */
  #known = new Uint8Array();
  #view = new DataView(this.#known.buffer);

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

  /** Grows it by so many bytes, up to whole pages. Returns where they are; undefined where that cannot be. */
  grow(bytes: number): number | undefined {
    const at = this.bytes;
    try {
      this.memory.grow(Math.ceil(bytes / WASM_PAGE_BYTES));
      return at;
    } catch {
      return undefined;
    }
  }

  /** Of eight bytes as a bigint, of fewer as a number. */
  load(address: number, width: Width): number | bigint {
    const view = this.#accessed(address, width, "read");
    const at = this.base + address;
    if (width === 8) return view.getBigUint64(at, true);
    if (width === 4) return view.getUint32(at, true);
    return width === 2 ? view.getUint16(at, true) : view.getUint8(at);
  }

  store(address: number, value: bigint, width: Width): void {
    const view = this.#accessed(address, width, "write");
    const at = this.base + address;
    if (width === 8) view.setBigUint64(at, value, true);
    else if (width === 4) view.setUint32(at, Number(value), true);
    else if (width === 2) view.setUint16(at, Number(value), true);
    else view.setUint8(at, Number(value));
  }

  read(address: number, bytes: number): Uint8Array {
    this.#accessed(address, bytes, "read");
    const at = this.base + address;
    return this.#known.slice(at, at + bytes);
  }

  write(address: number, bytes: Uint8Array): void {
    this.#accessed(address, bytes.length, "write");
    this.#known.set(bytes, this.base + address);
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

  /** The memory, of which the program accesses a range. */
  #accessed(address: number, bytes: number, access: "read" | "write"): DataView {
    // Asking a WebAssembly.Memory for its buffer costs more than the access.
    if (this.base + address + bytes > this.#known.length) this.#look(address, bytes, access);
    this.note(address, bytes, access === "write" ? 1 : 0);
    return this.#view;
  }

  #look(address: number, bytes: number, access: "read" | "write"): void {
    this.check(address, bytes, access);
    this.#known = new Uint8Array(this.memory.buffer);
    this.#view = new DataView(this.memory.buffer);
  }
}
