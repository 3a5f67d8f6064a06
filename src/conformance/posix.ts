/** What POSIX adds to C. */
import type { Case } from "./case.js";
import { everySize, MIB } from "./sizes.js";
import { hex, type Tester } from "./tester.js";

/** Bytes before and behind the word that gets the result. */
const BESIDE = 16;
const WORD = 4;
const UNTOUCHED = 0x5c;
const BYTE = 2 ** 8;
const UNTOUCHED_WORD = UNTOUCHED * (1 + BYTE + BYTE ** 2 + BYTE ** 3);

/** By name, the numbers that libraries for wasm have for them: WASI's, which Emscripten has too, and Linux's. */
const ERRORS = { EINVAL: [28, 22], ENOMEM: [48, 12] } as const;

/** No power of two, or no multiple of a pointer's size. */
const BAD = [0, 1, 2, 3, 6, 12, 20, 24, 100, 4095, 2 ** 31 + 4];
const TOO_LARGE = [400 * MIB, 2 ** 31, 2 ** 32 - 4096, 2 ** 32 - 17, 2 ** 32 - 1];

/** Calls it with a word of result between bytes that are watched. Returns the pointer, which is 0 where it fails. */
class PosixCall {
  readonly #place: number;

  constructor(private readonly tester: Tester) {
    this.#place = tester.malloc(2 * BESIDE + WORD);
  }

  make(align: number, bytes: number): { error: number | undefined; pointer: number } {
    const { tester } = this;
    tester.fill(this.#place, UNTOUCHED, 2 * BESIDE + WORD);
    const error = tester.posixMemalign(this.#place + BESIDE, align, bytes);
    tester.expectFilled(this.#place, UNTOUCHED, BESIDE);
    tester.expectFilled(this.#place + BESIDE + WORD, UNTOUCHED, BESIDE);
    return { error, pointer: this.#result() };
  }

  #result(): number {
    const bytes = [3, 2, 1, 0].map((i) => this.tester.load(this.#place + BESIDE + i));
    return bytes.reduce((word, byte) => word * BYTE + byte, 0);
  }

  /** It has to fail with this error, and to leave the result as it is, or make it 0. */
  expectError(name: keyof typeof ERRORS, align: number, bytes: number): void {
    const { error, pointer } = this.make(align, bytes);
    const known: readonly number[] = ERRORS[name];
    const call = `posix_memalign(_, ${align}, ${bytes})`;
    const wanted = `${call} returned ${error}, not ${name} (${known.join(" or ")})`;
    this.tester.expect(error !== undefined && known.includes(error), wanted);
    const isLeft = pointer === UNTOUCHED_WORD || pointer === 0;
    this.tester.expect(isLeft, `${call} failed, and wrote ${hex(pointer)} where the result goes`);
  }
}

export const posix: readonly Case[] = [
  {
    name: "posix-memalign",
    promise:
      "posix_memalign returns 0 and puts a block's address where it was told to, or says EINVAL or ENOMEM and leaves what is there",
    of: "aligned",
    memoryBytes: 256 * MIB,
    endsMemory: true,
    run(tester) {
      if (!tester.hasPosixMemalign) return "the allocator has no posix_memalign";
      const call = new PosixCall(tester);
      for (const align of BAD) call.expectError("EINVAL", align, 24);
      for (const bytes of TOO_LARGE)
        for (const align of [8, 64, 4096]) call.expectError("ENOMEM", align, bytes);
      for (const [i, bytes] of [0, ...everySize(9000).filter((_, i) => i % 5 === 0)].entries()) {
        const align = 4 << (i % 14);
        const { error, pointer } = call.make(align, bytes);
        tester.expect(
          error === 0,
          `posix_memalign(_, ${align}, ${bytes}) returned ${error}, though memory is left`,
        );
        const isGiven = pointer !== UNTOUCHED_WORD && (pointer !== 0 || bytes === 0);
        tester.expect(isGiven, `posix_memalign(_, ${align}, ${bytes}) returned 0, and gave no address`);
        tester.expect(pointer % align === 0, `a block of posix_memalign is not aligned to ${align}`);
        tester.fill(pointer, 0x77, pointer ? bytes : 0);
        tester.free(pointer);
      }
      return undefined;
    },
  },
];
