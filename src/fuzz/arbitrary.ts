/**
 * Programs as arbitraries of fast-check, which is passed in: nothing here depends on it. An arbitrary program is a list of
 * choices, each of which says what is next in numbers; 0 is always the simplest. So fast-check shrinks a program by leaving
 * out choices and lowering numbers, and what comes of them is whole again.
 */
import { type Program, type Step, whole } from "./program.js";

/** What is used of fast-check (`import fc from "fast-check"`), version 3 or 4. */
export interface FastCheck {
  /** Whole numbers from 0 on. */
  nat(max: number): unknown;
  /** Whole numbers in a range. */
  integer(constraints: { min: number; max: number }): unknown;
  /** Values of one of these. */
  oneof(...arbitraries: never[]): unknown;
  /** A value of each of these. */
  tuple(...arbitraries: never[]): unknown;
  /** Lists. */
  array(arbitrary: never, constraints: { maxLength: number }): unknown;
}

/** The same, as it is used here. */
interface Makers {
  nat(max: number): Mappable<number>;
  integer(constraints: { min: number; max: number }): Mappable<number>;
  oneof(...arbitraries: Mappable<number>[]): Mappable<number>;
  tuple(...arbitraries: Mappable<number>[]): Mappable<Choice>;
  array(arbitrary: Mappable<Choice>, constraints: { maxLength: number }): Mappable<Choice[]>;
}

interface Mappable<T> {
  map<U>(mapper: (value: T) => U): Mappable<U>;
}

/** What arbitrary programs are. */
export interface ArbitraryOptions {
  /** Most steps. Default 100. */
  steps?: number;
  /** Largest size in bytes. Default 1 MiB. */
  bytes?: number;
  /** Whether they ask for aligned objects. Default true. */
  aligned?: boolean;
}

const KINDS = 8;
const MOST_COUNT = 64;

/**
 * Arbitrary programs, for properties. fast-check cannot tell the type of what is made here, so it is named:
 * `programs<fc.Arbitrary<Program>>(fc)`.
 */
export function programs<Arbitrary>(fc: FastCheck, options: ArbitraryOptions = {}): Arbitrary {
  const { steps = 100, bytes = 2 ** 20, aligned = true } = options;
  const make = fc as Makers;
  const sizes = [64, 4096, bytes].filter((most) => most <= bytes).map((max) => make.integer({ min: 1, max }));
  const choice = make.tuple(make.nat(KINDS - 1), make.nat(steps), make.oneof(...sizes), make.nat(MOST_COUNT));
  const made = make.array(choice, { maxLength: steps }).map((choices) => programOf(choices, aligned));
  return made as Arbitrary;
}

/** What to do, on which of the live objects, how many bytes, and a number that some need besides. */
type Choice = [kind: number, which: number, bytes: number, more: number];

function programOf(choices: readonly Choice[], aligned: boolean): Program {
  const steps: Step[] = [];
  const live: number[] = [];
  let made = 0;
  for (const [kind, which, bytes, more] of choices) {
    const place = which % Math.max(1, live.length);
    const object = live[place];
    if (object === undefined || kind < 4) {
      steps.push(takingOf(kind % 4, made, bytes, more, aligned));
      live.push(made++);
    } else if (kind < 6) {
      steps.push({ do: "free", object });
      live.splice(place, 1);
    } else if (kind === 6) steps.push({ do: "realloc", object, bytes });
    else steps.push({ do: more % 2 === 0 ? "read" : "write", object, offset: more, bytes });
  }
  return whole([...steps, ...live.map((object): Step => ({ do: "free", object }))]);
}

function takingOf(kind: number, object: number, bytes: number, more: number, aligned: boolean): Step {
  if (kind === 1) return { do: "calloc", object, count: 1, bytes };
  if (kind === 2) return { do: "calloc", object, count: 1 + more, bytes: Math.ceil(bytes / (1 + more)) };
  if (kind === 3 && aligned) return { do: "aligned", object, align: 8 << (more % 8), bytes };
  return { do: "malloc", object, bytes };
}
