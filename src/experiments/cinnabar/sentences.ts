/** What the figures of git-cinnabar say. Each sentence is made of figures, and is there only if they are. */
import { formatBytes } from "../../base/bytes.js";
import { formatShare, joinWords } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import type { CinnabarMoment, CinnabarResult } from "../../results/cinnabar.js";

const ADAPTING = "thresholds that adapt, which they now do not";

/** Options that, if set, remove a cause, by name. */
const CAUSES: Readonly<Record<string, string>> = {
  mmapThreshold: ADAPTING,
  trimThreshold: ADAPTING,
  topPad: ADAPTING,
  dirty_decay_ms: "free pages that wait to decay, as long as the clock stands still",
};

export function sentencesOf(results: readonly CinnabarResult[]): string[] {
  const whole = results.filter(({ without }) => without === "nothing");
  const beside = whole.flatMap((result) => whole.flatMap((other) => besideOf(result, other)));
  const variants = whole.filter((result) => !beside.some((one) => one.result === result));
  return [
    ...variants.flatMap(riseSentence),
    ...variants.flatMap((result) => insteadSentence(result, whole[0])),
    ...beside.map(besideSentence),
    ...results.flatMap((result) => ablationSentence(result, whole)),
    ...variants.map(endSentence),
    ...countingSentence(variants),
  ];
}

function moment(result: CinnabarResult, name: CinnabarMoment["name"]): CinnabarMoment {
  return result.moments.find((one) => one.name === name) as CinnabarMoment;
}

/** What became of resident bytes in phase 2. */
function riseOf(result: CinnabarResult): number {
  return moment(result, "phase 2").resident - moment(result, "phase 1").resident;
}

const changed = (bytes: number) =>
  bytes < 0 ? `falls by ${formatBytes(-bytes)}` : `rises by ${formatBytes(bytes)}`;

function riseSentence(result: CinnabarResult): string[] {
  const [before, after] = [moment(result, "phase 1"), moment(result, "phase 2")];
  if (after.resident <= before.resident || after.live >= before.live) return [];
  const share = formatShare(after.resident - before.resident, before.resident);
  return [
    `${allocatorLabel(result)}: in phase 2 live bytes fall by ${formatBytes(before.live - after.live)}, and resident ones ` +
      `rise by ${formatBytes(after.resident - before.resident)} (${share}).`,
  ];
}

/** What another allocator changes. */
function insteadSentence(result: CinnabarResult, first: CinnabarResult | undefined): string[] {
  if (!first || result.allocator === first.allocator) return [];
  const [rise, other] = [riseOf(result), riseOf(first)];
  const [end, before] = [moment(result, "phase 3").resident, moment(first, "phase 3").resident];
  return [
    `${allocatorLabel(result)} instead of ${allocatorLabel(first)}: resident ${changed(rise)} in phase 2 instead of ` +
      `${formatBytes(other)}, and is ${formatBytes(end)} at the end instead of ${formatBytes(before)}.`,
  ];
}

/** A result, the one without one of its options, and that option. */
interface Beside {
  result: CinnabarResult;
  other: CinnabarResult;
  option: string;
}

/** Where an option of the allocator below is all that sets two results apart: where arenas come from makes a variant. */
function besideOf(result: CinnabarResult, other: CinnabarResult): Beside[] {
  const [option, ...more] = Object.keys(result.options).filter((name) => !(name in other.options));
  const isSame = Object.entries(other.options).every(([name, value]) => result.options[name] === value);
  if (!option || more.length > 0 || !isSame || option === "arenas" || result.allocator !== other.allocator)
    return [];
  return [{ result, other, option }];
}

/** What an option changes. */
function besideSentence({ result, other, option }: Beside): string {
  const [rise, without] = [riseOf(result), riseOf(other)];
  const told = `${allocatorLabel(result)}: resident ${changed(rise)} in phase 2`;
  if (changed(rise) === changed(without)) return `${told}, as without ${option}.`;
  const cause =
    option in CAUSES && rise < without / 2
      ? `: ${formatShare(without - rise, without)} of the rise is due to ${CAUSES[option]}`
      : "";
  return `${told} instead of ${formatBytes(without)}${endBeside(result, other)}${cause}.`;
}

/** What is resident at the end, where that is by a quarter less or more. */
function endBeside(result: CinnabarResult, other: CinnabarResult): string {
  const [end, without] = [result, other].map((one) => moment(one, "phase 3").resident) as [number, number];
  if (Math.abs(end - without) < without / 4) return "";
  return `, and is ${formatBytes(end)} at the end instead of ${formatBytes(without)}`;
}

/** What leaving something out of the program changes: little. */
function ablationSentence(result: CinnabarResult, whole: readonly CinnabarResult[]): string[] {
  const { without } = result;
  const label = allocatorLabel(result);
  const other = whole.find((one) => allocatorLabel(one) === label);
  if (without === "nothing" || !other) return [];
  const [rise, all] = [riseOf(result), riseOf(other)];
  const part = rise >= all ? "no part of it" : rise > all / 2 ? "a part of it at most" : "most of it";
  const difference = `${formatBytes(Math.abs(all - rise))} ${rise < all ? "less" : "more"}`;
  return [
    `${label}: without ${without}, resident still ${changed(rise)}, ${rise === all ? "as with" : difference}: ` +
      `${isOrAre(without)} ${part}.`,
  ];
}

const isOrAre = (without: string) => (without === "middling objects" ? `${without} are` : `${without} is`);

/** What is left at the end, and what a trim gives back. */
function endSentence(result: CinnabarResult): string {
  const [end, trimmed, peak] = [
    moment(result, "phase 3"),
    moment(result, "trimmed"),
    moment(result, "phase 2"),
  ];
  const kept =
    (end.arenas ?? 0) > 1 && end.arenas === peak.arenas
      ? `; all ${end.arenas} arenas still have an object, and none goes back`
      : "";
  const trim =
    trimmed.resident === end.resident ? "gives nothing back" : `leaves ${formatBytes(trimmed.resident)}`;
  return (
    `${allocatorLabel(result)}: at the end ${formatBytes(end.live)} are live and ${formatBytes(end.resident)} resident${kept}. ` +
    `A trim ${trim}.`
  );
}

/** Where malloc counts whole arenas as in use, its own figures look best where most is resident. */
function countingSentence(whole: readonly CinnabarResult[]): string[] {
  const told = whole
    .filter(({ options }) => options.arenas === "malloc")
    .map((result) => {
      const { system, mallocInUse = 0, live } = moment(result, "phase 3");
      return {
        label: allocatorLabel(result),
        ratio: (system / mallocInUse).toFixed(1),
        live: (system / live).toFixed(1),
      };
    });
  if (told.length === 0) return [];
  const each = told.map(
    ({ label, ratio, live }) =>
      `${label} has ${ratio} times what malloc counts as in use, but ${live} times what is live`,
  );
  return [`malloc counts arenas that it gave to Python as in use, whole: at the end ${joinWords(each)}.`];
}
