/** The state of the page, and how the URL's fragment writes it: a link reproduces a view. */

import { splitChoice } from "../allocator/choice.js";
import { exactBytes } from "../base/numbers.js";
import { readSettings } from "../base/settings.js";
import {
  type BufferWay,
  formatCount,
  machineOptions,
  OptionError,
  type OptionInfo,
  parseBytes,
  TOUCH_POLICIES,
  type TouchPolicy,
} from "../index.js";
import { allocatorLabel } from "../report/label.js";
import { BUFFER_WAYS } from "../results/iter-content.js";
import { inOwnNames, readOption, wantedOf } from "../sandbox/option-text.js";
import { findModel, findOption } from "../sandbox/options.js";
import { KIND_IDS } from "./kinds.js";
import type { MapWindow } from "./layout.js";
import { plainName } from "./plain-name.js";
import { SPEEDS } from "./playback.js";
import { type AskedPage, type Choice, isModule } from "./protocol.js";
import { isAddress, nameAt } from "./remote.js";
import { bytesPerRead } from "./tape.js";

/** Traces that come with the page, or are made there. */
export const BUNDLED = ["git-log", "cc1", "cinnabar"] as const;
export type Bundled = (typeof BUNDLED)[number];

export type Input =
  | { kind: "loop"; bytes: number; count: number /** 0 to 1 */; written: number }
  /** The bug report (tape.ts): a body that is read into buffers of a whole chunk. Both in bytes. */
  | { kind: "reads"; chunk: number; way: BufferWay; body: number }
  | { kind: "trace"; name: Bundled }
  | ({
      kind: "text";
      text: string /** The text as links have it, if it is long (link.ts). */;
      packed?: string;
    } & OfProcess)
  /** A file of the person's, which a link can only name; or one that lies where others can get it. */
  | ({ kind: "file"; name: string /** Where it lies, if a link says so. */; url?: string } & OfProcess);

/** The process that is read, of a trace that has several. */
interface OfProcess {
  process?: number;
}

/** Whether an input may be a trace of several processes. */
export const hasProcesses = (input: Input): input is Extract<Input, OfProcess> =>
  input.kind === "text" || input.kind === "file";

export const processOf = (input: Input): number | undefined =>
  hasProcesses(input) ? input.process : undefined;

/** A step of a guided story (guides.ts), counted from 1. */
export interface Place {
  story: string;
  step: number;
}

/** Operations, as how many are done before them, and after. */
export type Range = [from: number, to: number];

export interface ViewState {
  input: Input;
  touch: TouchPolicy;
  sides: [Choice, Choice];
  /** Operations done; null for the most telling moment. */
  at: number | null;
  /** The window of each map; null for all of the address space. */
  windows: [MapWindow | null, MapWindow | null];
  /** Whether each map has a scale of its own, and is moved alone. */
  apart: boolean;
  /** Whether the maps go where the last operation is. */
  follows: boolean;
  /** The address that is chosen on each map; null for that of the last operation. */
  pages: [number | null, number | null];
  /** Whether the maps tell what lies in the page that is chosen on each. */
  inside: boolean;
  /** Whether pages have the colour of how they differ from the other side's, instead of that of their state. */
  differs: boolean;
  /** Ids of the kinds (kinds.ts) that are hidden. */
  hidden: string[];
  /** Operations a second; 0 for all in a fixed time. One of SPEEDS (playback.ts). */
  speed: number;
  /** The id of the chart that is drawn (charts.ts). */
  chart: string | null;
  /** The operations that are counted, from after the first number of them to the second; null for all up to `at`. */
  range: Range | null;
  /** The step of a guided story that this is; null for none. */
  guide: Place | null;
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
  apart: false,
  follows: false,
  pages: [null, null],
  inside: false,
  differs: false,
  hidden: [],
  speed: 0,
  chart: null,
  range: null,
  guide: null,
};

/** Bytes that a module clears in some seconds. */
const MOST_CLEARED = 10 * 2 ** 30;

/** The input, with no more rounds than a module does in some seconds. */
export function shortened(input: Input): Input {
  const rounds = (bytes: number) => 10 ** Math.max(0, Math.floor(Math.log10(MOST_CLEARED / bytes)));
  if (input.kind === "loop") return { ...input, count: Math.min(input.count, rounds(input.bytes)) };
  if (input.kind !== "reads") return input;
  const { chunk, body } = input;
  return { ...input, body: Math.min(body, rounds(chunk) * bytesPerRead(chunk)) };
}

/**
 * Reads an allocator as on the command line, `libmalloc:zeroing=dirty`, or the name of a .wasm, or where one lies.
 * @throws OptionError
 */
export function parseChoice(text: string): Choice {
  if (isAddress(text)) {
    const name = nameAt(text, "allocator");
    return { allocator: name.endsWith(".wasm") ? name : `${name}.wasm`, options: {}, url: text };
  }
  const choice = splitChoice(text);
  if (isModule({ allocator: text })) return { allocator: plainName(text), options: {} };
  const model = findModel(choice.name);
  const written = inOwnNames(choice, [...model.options, ...machineOptions]);
  const options = readSettings(written, "option=value", (name, value) =>
    parseOption(findOption(model, name), value),
  );
  return { allocator: model.name, options };
}

/** Reads the value of an option. @throws OptionError naming what it takes. */
export function parseOption(option: OptionInfo, text: string): string | number {
  const value = readOption(option, text);
  if (value !== undefined) return value;
  throw new OptionError(`option ${option.name}: "${text}" is not ${wantedOf(option)}`);
}

export { allocatorLabel as formatChoice };

/** An allocator as links have it. */
export const linkedChoice = (choice: Choice): string => choice.url ?? allocatorLabel(choice);

/** Writes a size exactly, for a form: 100MiB. */
export const formatExact = exactBytes;

/** Writes the fragment, without #. Leaves out what is the default. */
export function formatState(state: ViewState): string {
  const { input, touch, sides, at, windows, apart, follows, pages } = state;
  const { inside, differs, hidden, speed, chart, range, guide } = state;
  const fields: [string, string][] = [...formatInput(input)];
  const process = processOf(input);
  if (process !== undefined) fields.push(["process", String(process)]);
  if (touch !== DEFAULT.touch) fields.push(["touch", touch]);
  for (const side of SIDES) fields.push(["ab"[side] as string, linkedChoice(sides[side])]);
  if (at !== null) fields.push(["at", String(at)]);
  for (const side of SIDES) {
    const [name, window, page] = ["ab"[side], windows[side], pages[side]];
    if (window) fields.push([`map-${name}`, `${window.start.toString(16)}.${exactBytes(window.cell)}`]);
    if (page !== null) fields.push([`page-${name}`, page.toString(16)]);
  }
  if (apart) fields.push(["scales", "two"]);
  if (follows) fields.push(["follow", "yes"]);
  if (inside) fields.push(["objects", "yes"]);
  if (differs) fields.push(["colours", "difference"]);
  if (hidden.length) fields.push(["hide", hidden.join(".")]);
  if (speed !== DEFAULT.speed) fields.push(["speed", String(speed)]);
  if (chart !== null) fields.push(["chart", chart]);
  if (range !== null) fields.push(["range", range.join("-")]);
  if (guide !== null) fields.push(["story", `${guide.story}.${guide.step}`]);
  return new URLSearchParams(fields).toString().replaceAll("%3A", ":");
}

function formatInput(input: Input): [string, string][] {
  switch (input.kind) {
    case "loop":
      return [
        ["size", exactBytes(input.bytes)],
        ["count", String(input.count)],
        ...(input.written ? [["written", formatPercent(input.written)] as [string, string]] : []),
      ];
    case "reads":
      return [
        ["chunk", exactBytes(input.chunk)],
        ["way", input.way],
        ["body", exactBytes(input.body)],
      ];
    case "text":
      return [input.packed === undefined ? ["program", input.text] : ["packed", input.packed]];
    case "file":
      return [input.url === undefined ? ["file", input.name] : ["trace", input.url]];
    default:
      return [["trace", input.name]];
  }
}

/** Reads a fragment. What is missing is the default. @throws OptionError naming the field and what it takes. */
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
    apart: fields.get("scales") === "two",
    follows: fields.get("follow") === "yes",
    pages: [parseAddress(fields.get("page-a")), parseAddress(fields.get("page-b"))],
    inside: fields.get("objects") === "yes",
    differs: fields.get("colours") === "difference",
    hidden: (fields.get("hide") ?? "").split(".").filter((id) => KIND_IDS.includes(id)),
    speed: Number(oneOf("speed", fields.get("speed") ?? "0", SPEEDS.map(String))),
    chart: fields.get("chart"),
    range: parseRange(fields.get("range")),
    guide: parsePlace(fields.get("story")),
  };
}

function parseInput(fields: URLSearchParams): Input {
  const of = (name: string) => fields.get(name);
  const [program, packed, trace, file] = [of("program"), of("packed"), of("trace"), of("file")];
  const process = parseProcess(of("process") ?? "");
  if (program !== null) return { kind: "text", text: program, ...process };
  if (packed !== null) return { kind: "text", text: "", packed, ...process };
  if (trace !== null && isAddress(trace))
    return { kind: "file", name: nameAt(trace, "trace"), url: trace, ...process };
  if (trace !== null) return { kind: "trace", name: oneOf("trace", trace, BUNDLED) };
  if (file !== null) return { kind: "file", name: plainName(file), ...process };
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

/** Reads the number of a process as typed; nothing is none. @throws OptionError saying what it takes. */
export function parseProcess(text: string): OfProcess {
  return text.trim() === "" ? {} : { process: whole("process", text, 0, Number.MAX_SAFE_INTEGER) };
}

/** Reads a calloc loop as typed. @throws OptionError naming the field and what it takes. */
export function parseLoop({ size, count, written }: Record<"size" | "count" | "written", string>) {
  return {
    bytes: parseSize("size", size),
    count: whole("count", count, 1, MOST_ROUNDS),
    written: parseShare(written),
  };
}

/** The first values of the form for the bug report. */
export const READS = { chunk: "100MiB", way: "calloc", body: "10MiB" } as const;

/** Reads the form for the bug report. @throws OptionError naming the field and what it takes. */
export function parseReads(typed: Record<"body" | "chunk" | "way", string>) {
  const chunk = parseSize("chunk", typed.chunk);
  if (chunk === 0) throw new OptionError("chunk: give at least 1 byte");
  const body = parseSize("body", typed.body);
  const perRead = bytesPerRead(chunk);
  const reads = body / perRead;
  if (!Number.isInteger(reads) || reads < 1 || reads > MOST_READS) {
    const most = exactBytes(perRead * MOST_READS);
    throw new OptionError(
      `body: a read gets ${formatCount(perRead)} bytes: give a multiple of that, up to ${most}`,
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

/** Writes a share of 0 to 1 so that it is read as the same number: 0.29 is 29%, and not 28.999999999999996%. */
export function formatPercent(share: number): string {
  const [digits, exponent] = parts(share);
  const percent = Number(`${digits}e${exponent + 2}`);
  return `${share === shifted(percent) ? percent : `${digits}e${exponent + 2}`}%`;
}

/** The digits and the exponent of a number as it is written. */
function parts(number: number | string): [digits: string, exponent: number] {
  const [digits = "", exponent = "0"] = String(number).split("e");
  return [digits, Number(exponent)];
}

/** A hundredth: the number with its point moved, so that it is rounded but once. */
function shifted(percent: number | string): number {
  const [digits, exponent] = parts(percent);
  return Number(`${digits}e${exponent - 2}`);
}

function parseShare(text: string): number {
  const percent = /^(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?:\s*%)?$/.exec(text.trim())?.[1];
  const share = percent === undefined ? Number.NaN : shifted(percent);
  if (!(share <= 1)) throw new OptionError(`written: "${text}" is not a share: write 0% to 100%`);
  return share;
}

/** Most rounds of a loop, and most reads. They take some seconds to a minute. */
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

/** Reads a window; null for what makes no sense. */
function parseWindow(text: string | null): MapWindow | null {
  const [start, size = ""] = (text ?? "").split(".");
  const address = parseAddress(start ?? null);
  if (address === null || !/^\d+[KMGT]iB$/.test(size)) return null;
  const cell = parseBytes(size);
  return Number.isInteger(Math.log2(cell)) && cell >= LEAST_CELL ? { start: address, cell } : null;
}

/** The page of each side of which is told what lies in it. */
export const pagesInside = ({ inside, pages }: ViewState): [AskedPage, AskedPage] =>
  inside ? pages : [undefined, undefined];

/** Reads a step of a story; null for what is none. */
function parsePlace(text: string | null): Place | null {
  const [, story = "", step = ""] = /^([a-z]+)\.([1-9]\d?)$/.exec(text ?? "") ?? [];
  return story ? { story, step: Number(step) } : null;
}

/** Reads a range; null for what is none. */
function parseRange(text: string | null): Range | null {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? "") ?? [];
  return Number(from) < Number(to) ? [Number(from), Number(to)] : null;
}

const LEAST_CELL = 4096;

/** Reads an address in hexadecimal; null for what is none. */
function parseAddress(text: string | null): number | null {
  return /^[0-9a-f]{1,12}$/.test(text ?? "") ? Number.parseInt(text as string, 16) : null;
}
