/**
 * Where both sides differ: the operations that change a count on one side by more than on the other. Both go through the
 * program one operation at a time, a stretch after another, until what is looked for is found.
 */
import { formatCount } from "../index.js";
import type { Busy } from "./busy.js";
import type { CountName } from "./count-name.js";
import { byId, make, setText } from "./dom.js";
import { COUNTS, textOfChange } from "./measure.js";
import type { Progress } from "./protocol.js";
import type { Session } from "./session.js";
import { lineOf, type Tape } from "./tape.js";

/** Operations of a stretch. */
const STRETCH = 1 << 14;

/** An operation that both sides do differently, and by how much each count changed. */
export interface Difference {
  /** Operations done after it. */
  position: number;
  changes: [left: number, right: number];
}

type OnProgress = (text: string, progress: Progress) => void;
type Search = (courses: Courses, position: number, onProgress: OnProgress) => Promise<Difference | undefined>;

/** What is gone through: `course` gives a count at a position and after each operation up to another. */
export interface Courses {
  length: number;
  course(from: number, to: number): Promise<readonly [Float64Array, Float64Array]>;
}

/** All differences after a position. */
async function* differences({ length, course }: Courses, after: number, onProgress: OnProgress) {
  for (let from = after; from < length; from += STRETCH) {
    const [left, right] = await course(from, Math.min(length, from + STRETCH));
    const steps = Math.min(left.length, right.length) - 1;
    for (let step = 0; step < steps; step++) {
      const changes = [left, right].map((values) => (values[step + 1] as number) - (values[step] as number));
      // Of a module not all is counted.
      if (changes[0] === changes[1] || changes.some(Number.isNaN)) continue;
      yield { position: from + step + 1, changes: changes as Difference["changes"] };
    }
    onProgress("Looking for differences", { done: Math.min(length, from + STRETCH), total: length });
    // Where a side stopped, there is nothing more to compare.
    if (steps < Math.min(length, from + STRETCH) - from) return;
  }
}

/** The first difference after a position. */
export async function nextDifference(
  courses: Courses,
  after: number,
  onProgress: OnProgress = () => {},
): Promise<Difference | undefined> {
  for await (const found of differences(courses, after, onProgress)) return found;
  return undefined;
}

/** The largest difference of all, and the first of several. */
export async function largestDifference(
  courses: Courses,
  onProgress: OnProgress = () => {},
): Promise<Difference | undefined> {
  const size = ({ changes: [left, right] }: Difference) => Math.abs(left - right);
  let largest: Difference | undefined;
  for await (const found of differences(courses, 0, onProgress))
    if (!largest || size(found) > size(largest)) largest = found;
  return largest;
}

/** What is shown. */
interface Compared {
  session: Session;
  tape: Tape;
  length: number;
  position: number;
}

/** The panel that finds them, and goes there. */
export class DivergencePanel {
  readonly #measure = byId<HTMLSelectElement>("differ-in");

  constructor(
    private readonly busy: Busy,
    private readonly compared: () => Compared | undefined,
    private readonly onSeek: (position: number) => void,
    onError: (error: unknown) => void,
  ) {
    this.#measure.append(
      ...Object.entries(COUNTS).map(([value, { name }]) => make("option", { value, textContent: name })),
    );
    this.#measure.addEventListener("change", () => this.clear());
    const find = (id: string, look: Search) =>
      byId(id).addEventListener("click", () => this.#find(look).catch(onError));
    find("differ-first", (courses, _, onProgress) => nextDifference(courses, 0, onProgress));
    find("differ-next", nextDifference);
    find("differ-largest", (courses, _, onProgress) => largestDifference(courses, onProgress));
  }

  clear(): void {
    setText(byId("differ-text"), "");
  }

  async #find(look: Search) {
    const compared = this.compared();
    if (!compared) return;
    const { session, length, position, tape } = compared;
    const count = this.#measure.value as CountName;
    const course = (from: number, to: number) => session.course({ count, from, to });
    const found = await this.busy.run("Looking for differences", (onProgress) =>
      look({ length, course }, position, onProgress),
    );
    if (this.compared()?.session !== session) return;
    setText(
      byId("differ-text"),
      found ? textOf(found, count, tape) : "There is none, of what both sides count.",
    );
    this.onSeek(found?.position ?? position);
  }
}

/** "Operation 3, p0 = calloc(1, 100): left 25,600 page faults, right 0." */
function textOf({ position, changes }: Difference, count: CountName, tape: Tape): string {
  const { name, text } = COUNTS[count];
  const [left, right] = changes.map((change) => textOfChange(change, text));
  return `Operation ${formatCount(position)}, ${lineOf(tape, position - 1)} ${name}: left ${left}, right ${right}.`;
}
