/** What a mutant is: one small bug, planted at one place of assembly/. */

export interface Mutant {
  /** From the root. */
  file: string;
  /** What it breaks. */
  breaks: string;
  before: string;
  after: string;
  /** Why no test can tell, for one that changes nothing that can be seen. */
  equivalent: string | undefined;
}

/** Mutants that the same modules are built for, and the same tests kill. */
export interface Area {
  name: string;
  /** As `npm run build` names them. */
  modules: readonly string[];
  /** Files or folders of tests. */
  tests: readonly string[];
  /** Finds those of the tests that run, by full name: those of the check build, and of these modules. */
  only?: RegExp;
  mutants: readonly Mutant[];
}

/** What a mutant breaks, the text that occurs once in its file, and what it becomes. */
export type Entry = readonly [breaks: string, before: string, after: string, equivalent?: string];

/** Mutants listed by file below a folder. */
export function mutantsIn(folder: string, entries: Record<string, readonly Entry[]>): Mutant[] {
  return Object.entries(entries).flatMap(([file, list]) =>
    list.map(([breaks, before, after, equivalent]) => ({
      ...{ file: `${folder}/${file}`, breaks, before, after, equivalent },
    })),
  );
}

/**
 * A source with the mutant in it.
 * @throws {Error} when its text is not there, or more than once
 */
export function plant(source: string, { before, after }: Mutant): string {
  const pieces = source.split(before);
  if (pieces.length !== 2) throw new Error(`occurs ${pieces.length - 1} times, not once: ${before.trim()}`);
  return pieces.join(after);
}

/**
 * The areas that were asked for: all, or the one of a name.
 * @throws {Error} for a name that is none
 */
export function chooseAreas(areas: readonly Area[], name: string | undefined): readonly Area[] {
  if (name === undefined) return areas;
  const found = areas.filter((area) => area.name === name);
  if (found.length) return found;
  throw new Error(`no area is called "${name}"; there are: ${areas.map((area) => area.name).join(", ")}`);
}

/**
 * Numbers of mutants, from 1, as `3`, `3..5` or `1,3..5`; all of `count` without.
 * @throws {Error} for what is no such number
 */
export function chooseNumbers(only: string | undefined, count: number): number[] {
  const all = Array.from({ length: count }, (_, i) => i + 1);
  if (only === undefined) return all;
  const ranges = only.split(",").map((range) => {
    const [first = 0, last = first, ...more] = range.split("..").map(Number);
    if (!all.includes(first) || !all.includes(last) || more.length)
      throw new Error(`"${range}" is no mutant: they are 1..${count}`);
    return { first, last };
  });
  return all.filter((number) => ranges.some(({ first, last }) => first <= number && number <= last));
}
