/** What is on the page, and its form in the URL's fragment: a link reproduces a view. */

import { exactBytes } from "../base/numbers.js";
import {
  type BufferWay,
  formatCount,
  machineOptions,
  models,
  OptionError,
  type OptionInfo,
  parseBytes,
  TOUCH_POLICIES,
  type TouchPolicy,
} from "../index.js";
import { allocatorLabel } from "../report/label.js";
import { BUFFER_WAYS } from "../results/iter-content.js";
import { KINDS } from "./kinds.js";
import type { MapWindow } from "./layout.js";
import { type Choice, isModule } from "./protocol.js";
import { bytesPerRead } from "./tape.js";

/** Traces that come with the page. */
export const BUNDLED = ["git-log", "cc1"] as const;
export type Bundled = (typeof BUNDLED)[number];

export type Input =
  | { kind: "loop"; bytes: number; count: number /** 0 to 1 */; written: number }
  /** The bug report (tape.ts): a body read in buffers of a whole chunk, all in bytes. */
  | { kind: "reads"; chunk: number; way: BufferWay; body: number }
  | { kind: "trace"; name: Bundled }
  | { kind: "text"; text: string }
  /** A file from this computer, which a link can only name. */
  | { kind: "file"; name: string };

export interface ViewState {
  input: Input;
  touch: TouchPolicy;
  sides: [Choice, Choice];
  /** Operations done; null for where the input tells most. */
  at: number | null;
  /** null for what fits. */
  windows: [MapWindow | null, MapWindow | null];
  /** Ids of kinds (kinds.ts) not shown. */
  hidden: string[];
}

export const SIDES = [0, 1] as const;
export type Side = (typeof SIDES)[number];

const MIB = 2 ** 20;

export const DEFAULT: ViewState = {
  input: { kind: "loop", bytes: 100 * MIB, count: 10_000, written: 0 },
  touch: "none",
  sides: [
    { allocator: "libmalloc", options: {} },
    { allocator: "glibc", options: {} },
  ],
  at: null,
  windows: [null, null],
  hidden: [],
};

/** Blocks that a module, which really clears them, gets through in some seconds: so many bytes. */
const MOST_CLEARED = 10 * 2 ** 30;

/** The input, with as few rounds as a module gets through in some seconds. */
export function shortened(input: Input): Input {
  const rounds = (bytes: number) => 10 ** Math.max(0, Math.floor(Math.log10(MOST_CLEARED / bytes)));
  if (input.kind === "loop") return { ...input, count: Math.min(input.count, rounds(input.bytes)) };
  if (input.kind !== "reads") return input;
  const { chunk, body } = input;
  return { ...input, body: Math.min(body, rounds(chunk) * bytesPerRead(chunk)) };
}

/** Reads an allocator as the command line writes it, `libmalloc:zeroing=dirty`, or the name of a .wasm. @throws OptionError */
export function parseChoice(text: string): Choice {
  if (isModule({ allocator: text })) return { allocator: text, options: {} };
  const [name = "", ...settings] = text.split(":");
  const model = models.find((one) => one.name === name);
  if (!model) {
    throw new OptionError(
      `there is no allocator "${name}"; there are ${models.map((one) => one.name).join(", ")}`,
    );
  }
  const known = [...model.options, ...machineOptions];
  const options = settings.map((setting) => {
    const [key = "", value = ""] = setting.split(/=(.*)/s);
    const option = known.find((one) => one.name === key);
    if (!option)
      throw new OptionError(
        `${name} has no option "${key}"; it has ${known.map((one) => one.name).join(", ")}`,
      );
    return [key, parseOption(option, value)] as const;
  });
  return { allocator: name, options: Object.fromEntries(options) };
}

/** Reads the value of an option. @throws OptionError */
export function parseOption(
  { name, values, unit, default: standard }: OptionInfo,
  text: string,
): string | number {
  if (values || (unit !== "bytes" && typeof standard !== "number")) return text;
  try {
    return parseBytes(text);
  } catch (cause) {
    throw new OptionError(`option ${name}: ${(cause as Error).message}`, { cause });
  }
}

export { allocatorLabel as formatChoice };

/** Writes a size exactly, for a form: 100MiB. */
export const formatExact = exactBytes;

/** Writes the fragment, without #. What is as by default is left out. */
export function formatState(state: ViewState): string {
  const { input, touch, sides, at, windows, hidden } = state;
  const fields: [string, string][] = [...formatInput(input)];
  if (touch !== DEFAULT.touch) fields.push(["touch", touch]);
  for (const side of SIDES) fields.push(["ab"[side] as string, allocatorLabel(sides[side])]);
  if (at !== null) fields.push(["at", String(at)]);
  for (const side of SIDES) {
    const window = windows[side];
    if (window) fields.push([`map-${"ab"[side]}`, `${window.start.toString(16)}.${window.level}`]);
  }
  if (hidden.length) fields.push(["hide", hidden.join(".")]);
  return new URLSearchParams(fields).toString().replaceAll("%3A", ":");
}

function formatInput(input: Input): [string, string][] {
  switch (input.kind) {
    case "loop":
      return [
        ["size", exactBytes(input.bytes)],
        ["count", String(input.count)],
        ...(input.written ? [["written", `${input.written * 100}%`] as [string, string]] : []),
      ];
    case "reads":
      return [
        ["chunk", exactBytes(input.chunk)],
        ["way", input.way],
        ["body", exactBytes(input.body)],
      ];
    case "text":
      return [["program", input.text]];
    default:
      return [[input.kind, input.name]];
  }
}

/** Reads a fragment. What is missing is as by default. @throws OptionError naming the field and what it takes. */
export function parseState(fragment: string): ViewState {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const choice = (name: string, standard: Choice) => {
    const text = fields.get(name);
    return text === null ? standard : parseChoice(text);
  };
  return {
    input: parseInput(fields),
    touch: oneOf("touch", fields.get("touch") ?? DEFAULT.touch, TOUCH_POLICIES),
    sides: [choice("a", DEFAULT.sides[0]), choice("b", DEFAULT.sides[1])],
    at: fields.has("at") ? whole("at", fields.get("at") as string, 0, Number.MAX_SAFE_INTEGER) : null,
    windows: [parseWindow(fields.get("map-a")), parseWindow(fields.get("map-b"))],
    hidden: (fields.get("hide") ?? "").split(".").filter((id) => KINDS.some((kind) => kind.id === id)),
  };
}

function parseInput(fields: URLSearchParams): Input {
  const of = (name: string) => fields.get(name);
  const [program, trace, file] = [of("program"), of("trace"), of("file")];
  if (program !== null) return { kind: "text", text: program };
  if (trace !== null) return { kind: "trace", name: oneOf("trace", trace, BUNDLED) };
  if (file !== null) return { kind: "file", name: file };
  if (of("chunk") !== null) {
    const { chunk, way, body } = READS;
    const typed = { chunk: of("chunk") ?? chunk, way: of("way") ?? way, body: of("body") ?? body };
    return { kind: "reads", ...parseReads(typed) };
  }
  return {
    kind: "loop",
    ...parseLoop({
      size: of("size") ?? "100MiB",
      count: of("count") ?? "10000",
      written: of("written") ?? "0%",
    }),
  };
}

/** Reads a calloc loop as typed. @throws OptionError naming the field and what it takes. */
export function parseLoop({ size, count, written }: Record<"size" | "count" | "written", string>) {
  return {
    bytes: parseSize("size", size),
    count: whole("count", count, 1, MOST_ROUNDS),
    written: parseShare(written),
  };
}

/** The bug report's reads as a form begins with. */
export const READS = { chunk: "100MiB", way: "calloc", body: "10MiB" } as const;

/** Reads the bug report's reads as typed. @throws OptionError naming the field and what it takes. */
export function parseReads(typed: Record<"body" | "chunk" | "way", string>) {
  const chunk = parseSize("chunk", typed.chunk);
  if (chunk === 0) throw new OptionError("chunk: a chunk has at least 1 byte");
  const body = parseSize("body", typed.body);
  const perRead = bytesPerRead(chunk);
  const reads = body / perRead;
  if (!Number.isInteger(reads) || reads < 1 || reads > MOST_READS) {
    const most = exactBytes(perRead * MOST_READS);
    throw new OptionError(
      `body: a read gets ${formatCount(perRead)} bytes, so give a multiple of that, up to ${most}`,
    );
  }
  return { chunk, way: oneOf("way", typed.way, BUFFER_WAYS), body };
}

function parseSize(name: string, text: string): number {
  try {
    return parseBytes(text);
  } catch (cause) {
    throw new OptionError(`${name}: ${(cause as Error).message}`, { cause });
  }
}

function parseShare(text: string): number {
  const percent = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text)?.[1];
  if (percent === undefined || Number(percent) > 100) {
    throw new OptionError(`written: "${text}" is not a share: write 0% to 100%`);
  }
  return Number(percent) / 100;
}

/** Of a loop, and of reads: some seconds to a minute. */
const MOST_ROUNDS = 100_000_000;
const MOST_READS = 2 ** 20;

function whole(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isInteger(number) && number >= least && number <= most) return number;
  throw new OptionError(`${name}: "${text}" is not a whole number from ${least} to ${formatCount(most)}`);
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  if ((allowed as readonly string[]).includes(text)) return text as T;
  throw new OptionError(`${name}: "${text}" is not one of ${allowed.join(", ")}`);
}

function parseWindow(text: string | null): MapWindow | null {
  const [start, level] = (text ?? "").split(".");
  if (!/^[0-9a-f]{1,12}$/.test(start ?? "") || !/^\d{1,2}$/.test(level ?? "")) return null;
  return { start: Number.parseInt(start as string, 16), level: Number(level) };
}
