/**
 * The checksum xxHash64 with seed 0, of which zstd keeps the low half. After its specification (XXH64 algorithm
 * description of the xxHash project). A 64-bit number is two halves here: BigInt takes ten times as long.
 */
interface Word {
  high: number;
  low: number;
}

const P1: Word = { high: 0x9e3779b1, low: 0x85ebca87 };
const P2: Word = { high: 0xc2b2ae3d, low: 0x27d4eb4f };
const P3: Word = { high: 0x165667b1, low: 0x9e3779f9 };
const P4: Word = { high: 0x85ebca77, low: 0xc2b2ae63 };
const P5: Word = { high: 0x27d4eb2f, low: 0x165667c5 };

/** Bytes taken in one round: four lanes of 8. */
const STRIPE = 32;

/** Gives its sum any time; bytes are added in any pieces. */
export class Xxh64 {
  readonly #lanes: readonly Word[];
  /** The bytes that do not fill a stripe yet. */
  readonly #rest = new Uint8Array(STRIPE);
  #held = 0;
  #length = 0;

  constructor() {
    this.#lanes = [sum(P1, P2), { ...P2 }, { high: 0, low: 0 }, negative(P1)];
  }

  add(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    if (this.#held > 0) {
      at = Math.min(STRIPE - this.#held, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < STRIPE) return;
      this.#stripe(this.#rest, 0);
    }
    for (; at + STRIPE <= bytes.length; at += STRIPE) this.#stripe(bytes, at);
    this.#rest.set(bytes.subarray(at));
    this.#held = bytes.length - at;
  }

  /** The low 32 bits of the sum. */
  low(): number {
    const total = this.#merged();
    addTo(total, { high: Math.floor(this.#length / 2 ** 32), low: this.#length >>> 0 });
    this.#finish(total);
    return total.low >>> 0;
  }

  #stripe(bytes: Uint8Array, at: number): void {
    for (let lane = 0; lane < 4; lane++) {
      round(this.#lanes[lane] as Word, lowWord(bytes, at + lane * 8), lowWord(bytes, at + lane * 8 + 4));
    }
  }

  #merged(): Word {
    if (this.#length < STRIPE) return { ...P5 };
    const total: Word = { high: 0, low: 0 };
    const turns = [1, 7, 12, 18];
    this.#lanes.forEach((lane, index) => {
      const turned = { ...lane };
      rotate(turned, turns[index] as number);
      addTo(total, turned);
    });
    for (const lane of this.#lanes) {
      const mixed = { high: 0, low: 0 };
      round(mixed, lane.low, lane.high);
      xor(total, mixed);
      multiply(total, P1);
      addTo(total, P4);
    }
    return total;
  }

  /** Mixes in the bytes after the last stripe, then all bits with each other. */
  #finish(total: Word): void {
    const rest = this.#rest;
    let at = 0;
    for (; at + 8 <= this.#held; at += 8) {
      const mixed = { high: 0, low: 0 };
      round(mixed, lowWord(rest, at), lowWord(rest, at + 4));
      step(total, mixed, 27, P1, P4);
    }
    for (; at + 4 <= this.#held; at += 4) {
      step(total, product({ high: 0, low: lowWord(rest, at) }, P1), 23, P2, P3);
    }
    for (; at < this.#held; at++) {
      step(total, product({ high: 0, low: rest[at] as number }, P5), 11, P1, { high: 0, low: 0 });
    }
    shiftXor(total, 33);
    multiply(total, P2);
    shiftXor(total, 29);
    multiply(total, P3);
    shiftXor(total, 32);
  }
}

/** total = rotate(total ^ mixed, turn) * factor + added */
function step(total: Word, mixed: Word, turn: number, factor: Word, added: Word): void {
  xor(total, mixed);
  rotate(total, turn);
  multiply(total, factor);
  addTo(total, added);
}

/** lane = rotate(lane + input * P2, 31) * P1 */
function round(lane: Word, inputLow: number, inputHigh: number): void {
  const { high, low } = lane;
  lane.low = inputLow;
  lane.high = inputHigh;
  multiply(lane, P2);
  const sumLow = (lane.low >>> 0) + (low >>> 0);
  lane.high = (lane.high + high + (sumLow > 0xffffffff ? 1 : 0)) | 0;
  lane.low = sumLow | 0;
  rotate(lane, 31);
  multiply(lane, P1);
}

function lowWord(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8);
  return low | (high << 16);
}

function addTo(target: Word, { high, low }: Word): void {
  const sumLow = (target.low >>> 0) + (low >>> 0);
  target.high = (target.high + high + (sumLow > 0xffffffff ? 1 : 0)) | 0;
  target.low = sumLow | 0;
}

function sum(a: Word, b: Word): Word {
  const total = { ...a };
  addTo(total, b);
  return total;
}

function negative({ high, low }: Word): Word {
  return sum({ high: ~high, low: ~low }, { high: 0, low: 1 });
}

function xor(target: Word, { high, low }: Word): void {
  target.high ^= high;
  target.low ^= low;
}

/** Rotates left, by 1 to 31 bits. */
function rotate(target: Word, bits: number): void {
  const { high, low } = target;
  target.high = (high << bits) | (low >>> (32 - bits));
  target.low = (low << bits) | (high >>> (32 - bits));
}

/** target ^= target >>> bits, of 1 to 63. */
function shiftXor(target: Word, bits: number): void {
  const { high } = target;
  if (bits >= 32) {
    target.low ^= high >>> (bits - 32);
  } else {
    target.low ^= (target.low >>> bits) | (high << (32 - bits));
    target.high ^= high >>> bits;
  }
}

function product(a: Word, b: Word): Word {
  const result = { ...a };
  multiply(result, b);
  return result;
}

/** The low 64 bits of the product: the low halves by 16 bits, so that each step is exact. */
function multiply(target: Word, { high, low }: Word): void {
  const a0 = target.low & 0xffff;
  const a1 = target.low >>> 16;
  const b0 = low & 0xffff;
  const b1 = low >>> 16;
  const lowest = a0 * b0;
  const middle = a1 * b0 + a0 * b1 + (lowest >>> 16);
  const carried = a1 * b1 + Math.floor(middle / 0x10000);
  target.high = (carried + Math.imul(target.high, low) + Math.imul(target.low, high)) | 0;
  target.low = (middle << 16) | (lowest & 0xffff);
}
