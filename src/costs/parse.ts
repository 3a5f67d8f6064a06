import { FAULT_KINDS, SYSCALLS } from "../allocator/counters.js";
import { CostError } from "../base/errors.js";
import type { CostFigures, CostProfile } from "./profile.js";

/** The figures that a cost profile must have. It may not have others. */
const FIGURES: Record<keyof CostFigures, readonly string[]> = {
  fault: FAULT_KINDS,
  zeroedByte: ["kernel", "allocator"],
  syscall: SYSCALLS,
  walkedPage: SYSCALLS,
};

type Unknown = Record<string, unknown>;

/**
 * Reads a cost profile from JSON, such as `zeropage calibrate` saves.
 * @throws CostError naming the figure that is missing or wrong.
 */
export function parseCostProfile(text: string): CostProfile {
  const { name, source, ns } = parseObject(text);
  if (typeof name !== "string" || name === "") throw new CostError('"name" must be a word');
  if (typeof source !== "string") throw new CostError('"source" must say where the figures come from');
  const figures = Object.entries(FIGURES).map(([group, keys]) => [group, readGroup(ns, group, keys)]);
  return { name, source, ns: Object.fromEntries(figures) };
}

function parseObject(text: string): Unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CostError(`not JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new CostError("not a cost profile: write an object with name, source and ns");
  return value;
}

function readGroup(ns: unknown, group: string, keys: readonly string[]): Record<string, number> {
  const given = isObject(ns) ? ns[group] : undefined;
  if (!isObject(given)) throw new CostError(`"ns.${group}" is missing: calibrate again, or write it`);
  const unknown = Object.keys(given).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw new CostError(`there is no figure "ns.${group}.${unknown}"; there are ${keys.join(", ")}`);
  }
  return Object.fromEntries(keys.map((key) => [key, readFigure(given[key], `ns.${group}.${key}`)]));
}

function readFigure(value: unknown, path: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  const got = value === undefined ? "it is missing" : `got ${JSON.stringify(value)}`;
  throw new CostError(`"${path}" must be nanoseconds, 0 or more; ${got}`);
}

function isObject(value: unknown): value is Unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
