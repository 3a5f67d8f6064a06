/** Modules that run their constructors on each call: an allocator that these set up begins anew each time. */
import { givenByUser, type ImportOptions } from "./imports.js";
import { openInstance } from "./instance.js";
import type { Prepared } from "./prepare.js";
import type { Running } from "./running.js";

const REMEDY = "link it as a reactor (clang: -mexec-model=reactor; emcc: --no-entry)";

/** Of a module that shows it (src/wasm/restarting.ts). */
const RESTARTING = `every export first calls one and the same function, as where the linker has each call run the module's constructors: an allocator that these set up begins anew each time; ${REMEDY}`;

const PROBES = 4;
const PROBE_BYTES = 24;

/** What is wrong: read from the module, or asked of an instance made for this question alone. */
export function findReruns(prepared: Prepared, options: ImportOptions): string[] {
  const { shape } = prepared;
  if (shape.isRestarting) return [RESTARTING];
  const { imports } = options;
  if (typeof imports === "function") return [];
  if (shape.imports.some((wanted) => givenByUser(imports, wanted) !== undefined)) return [];
  const running = openInstance(prepared, options);
  try {
    return probe(running);
  } catch {
    return []; // it will fail again where it matters, and be told there
  }
}

/** What a few allocations of an instance that nobody uses show. */
function probe({ linked: { driver }, memory }: Running): string[] {
  const addresses = new Set<number>();
  let growths = 0;
  for (let i = 0; i < PROBES; i++) {
    const before = memory.bytes;
    addresses.add(driver.malloc(PROBE_BYTES));
    if (memory.bytes > before) growths++;
  }
  if (addresses.size === 1 && !addresses.has(0)) {
    return [
      `every malloc returns the same address, as where a module runs its constructors on each call; ${REMEDY}`,
    ];
  }
  if (growths < PROBES) return [];
  return [`memory grows on every call: the module may run its constructors each time; ${REMEDY}`];
}
