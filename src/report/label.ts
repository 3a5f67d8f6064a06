import { exactBytes } from "../base/numbers.js";
import type { OptionValues } from "../results/run.js";

/** Names an allocator as the command line takes it: `libmalloc:zeroing=dirty:memory=64GiB`. */
export function allocatorLabel(it: { allocator: string; options: OptionValues }): string {
  return [it.allocator, ...Object.entries(it.options).map(([name, value]) => `${name}=${show(value)}`)].join(
    ":",
  );
}

function show(value: string | number): string {
  return typeof value === "number" ? exactBytes(value) : value;
}
