/**
 * How much the tests try. They decide whether a change lands, so they take minutes: of what is many alike, some. With
 * `ZEROPAGE_THOROUGH=1`, as `.ci/weekly` has it, they try all.
 */
export const THOROUGH = globalThis.process?.env?.ZEROPAGE_THOROUGH === "1";

/** So many of them, from all over the list: the same each time. */
export function some<T>(all: readonly T[], count: number): T[] {
  if (THOROUGH || all.length <= count) return [...all];
  return Array.from({ length: count }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / count)] as T);
}

/**
 * Of what each of several is asked, a third, where tests are not thorough: another for each number, so that three that
 * follow each other are asked all.
 */
export const thirdOf = <T>(all: readonly T[], number: number): T[] =>
  all.filter((_, i) => THOROUGH || i % 3 === number % 3);

/**
 * Whether each is the check build, of the builds that what is many alike runs on: that one, whose asserts see more, and the
 * release build too where tests are thorough.
 */
export const CHECKS: readonly boolean[] = THOROUGH ? [false, true] : [true];

/** How many of what has no end to draw. */
export const many = (count: number, thorough: number): number => (THOROUGH ? thorough : count);
