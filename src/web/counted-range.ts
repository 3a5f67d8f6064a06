/** What both sides counted in a range of operations, and where the page says that it shows that. */
import { costProfiles, formatCount, simulatedTime, subtract } from "../index.js";
import { byId, setText } from "./dom.js";
import type { Counted } from "./measure.js";
import { eventsOf, type Moment, type Progress } from "./protocol.js";
import { type Session, type Shown, SideError } from "./session.js";
import type { Range } from "./state.js";

export type BothCounted = readonly (Counted | undefined)[];

/** Asks both sides for what is there before the range and after it. @throws Cancelled */
export async function countRange(
  session: Session,
  [from, to]: Range,
  onProgress: (text: string, progress: Progress) => void,
): Promise<BothCounted> {
  const before = await session.look(from, onProgress);
  const after = await session.look(to, onProgress);
  return after.map((shown, side) => changeOf(before[side] as Shown, shown));
}

/** What was counted between two moments. What there is now is how much it changed; a peak has no change. */
function changeOf(before: Shown, after: Shown): Counted | undefined {
  if (before instanceof SideError || after instanceof SideError) return undefined;
  const change = subtract(after.counters, before.counters);
  const counters = { ...change, bytes: { ...change.bytes, peakResident: Number.NaN } };
  const library = {
    cleared: after.library.cleared - before.library.cleared,
    needless: after.library.needless - before.library.needless,
  };
  return { counters, library, ...timeOf({ counters, library }, after) };
}

function timeOf(counted: Counted, { simulated }: Moment): Pick<Counted, "simulated"> {
  const costs = costProfiles.find(({ name }) => name === simulated?.costs);
  return costs ? { simulated: simulatedTime(eventsOf(counted), costs) } : {};
}

/** The range of a view, as far as its program goes. */
export const within = (range: Range | null, length: number): Range | null =>
  range !== null && range[0] < length ? [range[0], Math.min(range[1], length)] : null;

/** Says of what the figures are. */
export function tellRange(range: Range | null): void {
  const words = range && `${formatCount(range[0] + 1)} to ${formatCount(range[1])}`;
  setText(byId("figures-title"), words ? `Operations ${words}` : "Up to here");
  setText(byId("counters-title"), words ? `Counted in operations ${words}` : "Counted up to here");
  byId("range").hidden = range === null;
  byId("figures-panel").classList.toggle("ranged", range !== null);
}
