import { formatCount } from "../base/bytes.js";

/** Which clock a model had, for reports: a sentence, or nothing where it does not look at the clock. */
export function clockNote({ watchesClock }: { watchesClock?: boolean }, step: number): string[] {
  if (!watchesClock) return [];
  if (step === 0) return ["the clock stands still, unless a trace sets it"];
  return [`the clock goes on ${formatCount(step)} ns before each operation`];
}
