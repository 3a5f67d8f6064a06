/**
 * Modules that we make, metered: the meter's reference knows every page that is touched, and each byte they leave. The parts of a
 * case are the numbers that were drawn to make the module. With fewer or lower ones the maker makes less.
 */
import { strict as assert } from "node:assert";
import { RandomProgram } from "../meter/random-program.js";
import { openTwins, sameBytes } from "../meter/twins.js";
import { Random } from "../random.js";
import { assemble } from "../wasm/assemble.js";
import type { Case, Counts, Fuzzer } from "./fuzzer.js";

/** Whether the meter looks at stores of zero. */
export interface Metering {
  zeroStores: boolean;
}

const CALLS = 3;

export const ownModules: Fuzzer<number, Metering> = {
  cases(seed) {
    const drawn = new Drawing(seed);
    new RandomProgram(drawn).module();
    return [{ setting: { zeroStores: seed % 2 === 0 }, parts: drawn.numbers }];
  },

  async run(one: Case<number, Metering>): Promise<Counts> {
    const { metered, recorded, readings, contents } = await openTwins(
      assemble(textOf(one)),
      one.setting.zeroStores,
    );
    const runs = [metered, recorded].map(({ run }) => run as (a: number, b: number) => number);
    for (let i = 0; i < CALLS; i++) {
      const [returns, expected] = runs.map((run) => run(i, 12345));
      assert.equal(returns, expected, `what run ${i} returns`);
      const read = readings();
      assert.deepEqual(read.metered, read.recorded, `readings after run ${i}`);
      assert.ok(sameBytes(contents()), `memory after run ${i}`);
    }
    return { modules: 1, calls: CALLS };
  },

  simpler: (number) => [...new Set([0, 1, number >> 1])].filter((less) => less < number),
  show: textOf,
};

function textOf({ parts }: Case<number, Metering>): string {
  return new RandomProgram(new Drawn(parts)).module();
}

/** Random numbers that are noted. */
class Drawing extends Random {
  readonly numbers: number[] = [];

  override below(limit: number): number {
    const number = super.below(limit);
    this.numbers.push(number);
    return number;
  }
}

/** The numbers of a list; after its end 0. */
class Drawn extends Random {
  #at = 0;

  constructor(private readonly numbers: readonly number[]) {
    super(0);
  }

  override below(limit: number): number {
    return (this.numbers[this.#at++] ?? 0) % limit;
  }
}
