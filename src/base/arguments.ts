/** Checks of arguments before they reach wasm, which would wrap or saturate them silently. */

/** Largest size or address: the address space has 47 bits. */
export const LARGEST = 2 ** 47;

function refuse(name: string, wanted: string, value: unknown): never {
  throw new RangeError(`${name} must be ${wanted}; got ${String(value)}`);
}

/** @throws RangeError unless the value is a whole number from 0 to 2^47. */
export function checkWhole(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > LARGEST)
    refuse(name, "a whole number from 0 to 2^47", value);
}

/** @throws RangeError unless the value is a whole number from `least` to `most`. */
export function checkRange(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    refuse(name, `a whole number from ${least} to ${most}`, value);
}

/** @throws RangeError unless the value is a number from 0 to 1. */
export function checkShare(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) refuse(name, "from 0 to 1", value);
}

/**
 * @throws RangeError, naming what is wrong, unless each of these numbers of a record is whole, exact and not below 0. Those
 * that are `shares` are from 0 to 1.
 */
export function checkNumbers(record: object, shares: readonly string[] = []): void {
  for (const [name, value] of Object.entries(record)) {
    if (typeof value !== "number") continue;
    if (shares.includes(name)) checkShare(name, value);
    else checkRange(name, value, 0, Number.MAX_SAFE_INTEGER);
  }
}

/** @throws RangeError unless the value is a Uint8Array, of whatever realm. */
export function checkBytes(name: string, value: Uint8Array): void {
  if (Object.prototype.toString.call(value) !== "[object Uint8Array]")
    refuse(name, "a Uint8Array", typeof value);
}

/** @throws RangeError unless the value is a power of two from 1 to 2^46. */
export function checkAlignment(name: string, value: number): void {
  const isPower =
    Number.isInteger(value) && value >= 1 && value <= 2 ** 46 && Number.isInteger(Math.log2(value));
  if (!isPower) refuse(name, "a power of two from 1 to 2^46", value);
}

/** @throws RangeError unless the value is one of those allowed. */
export function checkOneOf<T>(name: string, value: T, allowed: readonly T[]): void {
  if (!allowed.includes(value)) refuse(name, `one of ${allowed.join(", ")}`, value);
}

/** The value as an unsigned integer of `width` bytes. @throws RangeError when it does not fit. */
export function checkValue(name: string, value: number | bigint, width: number): bigint {
  if (typeof value === "number" && !Number.isSafeInteger(value)) refuse(name, "a whole number", value);
  const whole = BigInt(value);
  if (whole < 0n || whole >= 1n << BigInt(8 * width)) refuse(name, `from 0 to 2^${8 * width} - 1`, value);
  return whole;
}
