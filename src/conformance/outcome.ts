import type { Case } from "./case.js";

/**
 * The result of one case. `told`: what it saw, of which it says more than that it is well. `because`: the first case that
 * failed of the same cause, as far as what was seen tells. `composed`: it passed with a function that was composed for the
 * allocator. `undecided`: the allocator called a function of its host that is not known.
 */
export type Verdict =
  | { state: "pass" | "composed"; told?: string }
  | { state: "fail"; seen: string; calls: readonly string[]; because?: string }
  | { state: "skip"; reason: string }
  | { state: "undecided"; reason: string };

/** One case, and what became of it. `again`: the flags of `zeropage check` that ask for it, if not its name. */
export type Outcome = Pick<Case, "name" | "promise" | "issue"> & { again?: string } & Verdict;
