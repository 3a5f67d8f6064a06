import { demand } from "./bits.js";

/** Bytes kept beyond the window, so that it seldom has to be moved. */
const SPARE_BYTES = 1 << 20;
/** Up to so many bytes a loop is faster than a call that copies. */
const SHORT = 32;

/**
 * The last bytes of a frame, which later ones may repeat.
 *
 *     │ dropped │ … the last `size` bytes at least … │ room │     #bytes, moved down when the room ends
 *                                                    ▲ #end
 */
export class ZstdWindow {
  /** Bytes appended so far. */
  written = 0;

  #bytes: Uint8Array;
  #end = 0;
  /** Where what was not taken begins. */
  #taken = 0;

  /** @param size how far back a byte may be repeated. */
  constructor(private readonly size: number) {
    this.#bytes = new Uint8Array(Math.min(size, SPARE_BYTES) + SPARE_BYTES);
  }

  /** Appends the bytes [from, to). */
  append(bytes: Uint8Array, from: number, to: number): void {
    const count = to - from;
    this.#makeRoom(count);
    if (count > SHORT) this.#bytes.set(bytes.subarray(from, to), this.#end);
    else for (let at = 0; at < count; at++) this.#bytes[this.#end + at] = bytes[from + at] as number;
    this.#advance(count);
  }

  /** Appends one byte so many times. */
  fill(byte: number, count: number): void {
    this.#makeRoom(count);
    this.#bytes.fill(byte, this.#end, this.#end + count);
    this.#advance(count);
  }

  /** Appends `count` bytes that were appended at a distance before, which may be less than `count`. @throws ZstdCorrupt. */
  repeat(distance: number, count: number): void {
    const reach = Math.min(this.size, this.written);
    demand(distance > 0 && distance <= reach, "a sequence goes back further than there is");
    this.#makeRoom(count);
    const from = this.#end - distance;
    if (distance >= count && count > SHORT) {
      this.#bytes.copyWithin(this.#end, from, from + count);
    } else {
      const bytes = this.#bytes;
      for (let at = 0; at < count; at++) bytes[this.#end + at] = bytes[from + at] as number;
    }
    this.#advance(count);
  }

  /** A copy of what was appended since the last call. At most SPARE_BYTES may be. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(this.#taken, this.#end);
    this.#taken = this.#end;
    return taken;
  }

  #advance(count: number): void {
    this.#end += count;
    this.written += count;
  }

  #makeRoom(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const kept = Math.min(this.#end, Math.max(this.size, this.#end - this.#taken));
    const capacity = Math.min(this.#bytes.length * 2, this.size + SPARE_BYTES);
    const bytes = kept + count > this.#bytes.length / 2 ? grown(this.#bytes, capacity) : this.#bytes;
    bytes.copyWithin(0, this.#end - kept, this.#end);
    this.#taken -= this.#end - kept;
    this.#end = kept;
    this.#bytes = bytes;
  }
}

function grown(bytes: Uint8Array, capacity: number): Uint8Array {
  if (capacity <= bytes.length) return bytes;
  const larger = new Uint8Array(capacity);
  larger.set(bytes);
  return larger;
}
