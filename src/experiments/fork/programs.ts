/**
 * What a parent loads before it forks, and what is done with it then. Of Python there are only the places where it
 * writes, as CPython 3.11 has them on a machine of 64 bits:
 *
 *      float   │ count │ type │ value │                                 24 bytes
 *      list    │ collector's header │ count │ type │ size │ items … │    16 + 40 bytes
 *
 *      iterating          writes the count of each object that it meets
 *      collecting         writes the collector's header of each container that is not frozen
 */

import { OutOfMemory } from "../../base/errors.js";
import { seeded } from "../../base/random.js";
import type { ForkLoad, ForkProgram, PythonObject } from "../../results/fork.js";
import type { SimulatedAllocator } from "../../sandbox/simulated.js";

/** What is done once data are loaded. */
export interface Work {
  children: number;
  child(sandbox: SimulatedAllocator): void;
  /** While the children have not ended. */
  parent?(sandbox: SimulatedAllocator): void;
  /** When they have. */
  afterwards(sandbox: SimulatedAllocator): void;
}

/** Loads the data into a parent. @throws OutOfMemory */
export type Program = (parent: SimulatedAllocator, load: ForkLoad) => Work;

const POINTER = 8;
const COUNT_BYTES = 8;
const COLLECTOR_HEADER = 16;

const LAYOUTS: Record<PythonObject, { bytes: number; isContainer: boolean }> = {
  list: { bytes: COLLECTOR_HEADER + 40, isContainer: true },
  float: { bytes: 24, isContainer: false },
};

/** Pages of the interpreter's own containers, which a collection writes as well. Measured: 601 to 605. */
const INTERPRETER_PAGES = 603;

export const PROGRAMS: Record<ForkProgram, Program> = {
  read(parent, load) {
    const block = loadBlock(parent, load.data);
    return inEach(load, (sandbox) => sandbox.touch(block, load.data, "read"));
  },
  write(parent, load) {
    const block = loadBlock(parent, load.data);
    return inEach(load, (sandbox) => sandbox.touch(block, Math.round(load.written * load.data)));
  },
  iterate(parent, load) {
    const { array, arrayBytes, counts } = loadObjects(parent, load);
    return inEach(load, (sandbox) => {
      sandbox.touch(array, arrayBytes, "read");
      counts.write(sandbox);
    });
  },
  collect(parent, load) {
    const { headers } = loadObjects(parent, load);
    return inEach(load, (sandbox) => headers.write(sandbox));
  },
  freeze(parent, load) {
    loadObjects(parent, load);
    // All that the collector knew is in its permanent generation, which it does not visit.
    const headers = new Places(parent.pageBytes);
    return inEach(load, (sandbox) => headers.write(sandbox));
  },
  snapshot(parent, load) {
    const values = loadValues(parent, load);
    const random = seeded(load.seed);
    const change = (sandbox: SimulatedAllocator) => {
      for (let left = Math.round(load.written * values.length); left > 0; left--) {
        sandbox.touch(values[Math.floor(random() * values.length)] as number, load.value);
      }
    };
    const save = (sandbox: SimulatedAllocator) => {
      for (const value of values) sandbox.touch(value, load.value, "read");
    };
    return { children: 1, child: save, parent: change, afterwards: change };
  },
};

/** The children do it, and when they have ended, the parent. */
const inEach = ({ children }: ForkLoad, work: Work["child"]): Work => ({
  ...{ children, child: work, afterwards: work },
});

/** Pages that hold what is written again and again, in runs. */
class Places {
  readonly #runs: { first: number; end: number }[] = [];

  constructor(readonly pageBytes: number) {}

  add(address: number, bytes: number): void {
    const first = Math.floor(address / this.pageBytes);
    const end = Math.floor((address + bytes - 1) / this.pageBytes) + 1;
    const last = this.#runs.at(-1);
    if (last && first >= last.first && first <= last.end) last.end = Math.max(last.end, end);
    else this.#runs.push({ first, end });
  }

  write(sandbox: SimulatedAllocator): void {
    for (const { first, end } of this.#runs) {
      sandbox.touch(first * this.pageBytes, (end - first) * this.pageBytes);
    }
  }
}

/** A block that is written. */
export function loadBlock(sandbox: SimulatedAllocator, bytes: number): number {
  const address = sandbox.malloc(bytes);
  if (address === 0) {
    throw new OutOfMemory(sandbox.lastError?.remedy ?? `there is no block of ${bytes} bytes: load less`);
  }
  sandbox.touch(address, bytes);
  return address;
}

/** A list of Python objects beside the interpreter's own, and where each is written by whom. */
function loadObjects(parent: SimulatedAllocator, { data, object }: ForkLoad) {
  const { bytes, isContainer } = LAYOUTS[object];
  const [counts, headers] = [new Places(parent.pageBytes), new Places(parent.pageBytes)];
  const interpreter = INTERPRETER_PAGES * parent.pageBytes;
  // Whole pages of a block that also has the allocator's header.
  const containers = loadBlock(parent, interpreter + parent.pageBytes);
  headers.add(Math.ceil(containers / parent.pageBytes) * parent.pageBytes, interpreter);
  const objects = Math.max(1, Math.floor(data / (bytes + POINTER)));
  const arrayBytes = objects * POINTER;
  const array = loadBlock(parent, arrayBytes);
  for (let left = objects; left > 0; left--) {
    const address = loadBlock(parent, bytes);
    counts.add(address + (isContainer ? COLLECTOR_HEADER : 0), COUNT_BYTES);
    if (isContainer) headers.add(address, COLLECTOR_HEADER);
  }
  return { array, arrayBytes, counts, headers };
}

function loadValues(parent: SimulatedAllocator, { data, value }: ForkLoad): Float64Array {
  const values = new Float64Array(Math.max(1, Math.floor(data / value)));
  return values.map(() => loadBlock(parent, value));
}
