/** One bug is told once: which failures have the same cause, as far as what was seen tells. */
import type { Outcome } from "./outcome.js";

/** What different words say of one thing. */
const KINDS: readonly (readonly [kind: string, seen: RegExp])[] = [
  ["not zero", /zeroed bytes at/],
  ["contents", /though the program wrote|overlaps the live one/],
  ["no memory", /returned 0, though/],
  ["outside", /outside its memory/],
  ["leak", /bytes from the system$/],
  ["alignment", /not aligned|no multiple of|not on a multiple/],
  ["trap", /^(ModuleTrap: )?the module (trapped|called abort)/],
];

/** The kind of what was seen; its words without the numbers, if it is of none. */
function causeOf(seen: string): string {
  return KINDS.find(([, pattern]) => pattern.test(seen))?.[0] ?? seen.replace(/0x[\da-f]+|\d+/g, "#");
}

/** Each failure with the name of the first one that has the same cause, if that is another. */
export function withCauses(outcomes: readonly Outcome[]): Outcome[] {
  const first = new Map<string, string>();
  return outcomes.map((outcome) => {
    if (outcome.state !== "fail") return outcome;
    const cause = causeOf(outcome.seen);
    const because = first.get(cause);
    if (because === undefined) first.set(cause, outcome.name);
    return because === undefined ? outcome : { ...outcome, because };
  });
}
