/** Huge pages: the option of machines that have them, and what became of them. */
import { Counter } from "#shared/counters";
import { HugePages } from "#shared/kernel";
import type { HugePagesKind, MachineSettings } from "../allocator/machine.js";
import { namesOf } from "../base/enums.js";
import type { CounterOf } from "./counter-table.js";
import type { HugeExports } from "./exports.js";
import type { OptionInfo } from "./option-info.js";

/** Bytes of a huge page: 512 pages of 4 KiB. */
export const HUGE_PAGE_BYTES = 2 ** 21;

/** The modes, in the order of their numbers. @internal */
export const HUGE_PAGE_MODES: readonly HugePagesKind[] = namesOf(HugePages);

/** What became of huge pages. */
export interface HugePageCounters {
  /** Faults that mapped one, of its machine's processes: with a frame, or the huge zero page. They are in `faults` of the counters, each as one. */
  faults: number;
  /** Bytes of the process that are mapped by huge pages with a frame (`AnonHugePages`). A gauge. */
  mappedBytes: number;
  /**
   * Bytes of huge frames that no process of its machine has any more, and the kernel still holds, as others of the same
   * frame are mapped. No resident size has them. A gauge.
   */
  heldBytes: number;
}

/** @internal */
export const hugePagesOption: OptionInfo = {
  name: "hugePages",
  summary: "when Linux uses huge pages of 2 MiB: always, where madvise says so, never; with pages of 4 KiB",
  values: HUGE_PAGE_MODES,
  default: "never",
  needs: "hasHugePages",
};

/** Whether a module's machine has huge pages. @internal */
export function hasHugePages(exports: object): exports is HugeExports {
  return "hugeGroups" in exports;
}

/** Tells a machine, before it starts, when it uses them. @internal */
export function useHugePages(exports: HugeExports, { hugePages }: MachineSettings): void {
  exports.setHugePages(HUGE_PAGE_MODES.indexOf(hugePages));
}

/** What a machine says of its huge pages. @internal */
export function hugePagesOf(of: CounterOf, exports: HugeExports, pageBytes: number): HugePageCounters {
  return {
    faults: of(Counter.HugeFaults),
    mappedBytes: exports.hugeGroups() * HUGE_PAGE_BYTES,
    heldBytes: exports.heldPages() * pageBytes,
  };
}
