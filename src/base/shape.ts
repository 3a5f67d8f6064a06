/** What data from elsewhere must look like, said once: a shape tells where a value is not so, or nothing. */

/** Gives a sentence that begins with the place, such as `results[2].outcome is not an object`; undefined for what fits. */
export type Shape = (value: unknown, place: string) => string | undefined;

const is =
  (what: string, test: (value: unknown) => boolean): Shape =>
  (value, place) =>
    test(value) ? undefined : `${place} is not ${what}`;

export const text = is("a text", (value) => typeof value === "string");
export const truth = is("true or false", (value) => typeof value === "boolean");
export const finite = is("a number", (value) => Number.isFinite(value));
/** Finite, and not below 0. */
export const amount = is(
  "an amount",
  (value) => typeof value === "number" && value >= 0 && Number.isFinite(value),
);
/** A whole amount that a double holds exactly. */
export const count = is("a count", (value) => Number.isSafeInteger(value) && (value as number) >= 0);

export const oneOf = (...words: string[]): Shape =>
  is(`one of ${words.join(", ")}`, (value) => words.includes(value as string));

export const orNull =
  (shape: Shape): Shape =>
  (value, place) =>
    value === null ? undefined : shape(value, place);

/** Of a field that may be missing. */
export const optional =
  (shape: Shape): Shape =>
  (value, place) =>
    value === undefined ? undefined : shape(value, place);

export const list =
  (shape: Shape): Shape =>
  (value, place) =>
    Array.isArray(value)
      ? first(value, (one, index) => shape(one, `${place}[${index}]`))
      : `${place} is not a list`;

/** Several values in order. */
export const tuple =
  (...shapes: Shape[]): Shape =>
  (value, place) =>
    Array.isArray(value) && value.length === shapes.length
      ? first(shapes, (shape, index) => shape(value[index], `${place}[${index}]`))
      : `${place} is not a list of ${shapes.length}`;

/** Fields with known names; others may be there. */
export const fields =
  (shapes: Readonly<Record<string, Shape>>): Shape =>
  (value, place) =>
    isRecord(value)
      ? first(Object.entries(shapes), ([name, shape]) => shape(value[name], within(place, name)))
      : `${place || "the whole"} is not an object`;

/** Fields of any name. */
export const mapOf =
  (shape: Shape): Shape =>
  (value, place) =>
    isRecord(value)
      ? first(Object.entries(value), ([name, one]) => shape(one, within(place, name)))
      : `${place} is not an object`;

/** One of several shapes, which the field `by` tells apart. */
export const variant =
  (by: string, shapes: Readonly<Record<string, Shape>>): Shape =>
  (value, place) => {
    const odd = fields({ [by]: oneOf(...Object.keys(shapes)) })(value, place);
    return odd ?? (shapes[(value as Record<string, string>)[by] as string] as Shape)(value, place);
  };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const within = (place: string, name: string) => (place ? `${place}.${name}` : name);

function first<T>(
  values: readonly T[],
  odd: (value: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, value] of values.entries()) {
    const sentence = odd(value, index);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}
