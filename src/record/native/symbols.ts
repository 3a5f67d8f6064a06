/** Names of call stacks: of functions by addr2line, or a module and an offset where it has none. */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { MOST_SITES } from "#shared/records";
import { printable } from "../../base/printable.js";
import { addressAt, readElf } from "./elf.js";
import type { Frame, Mapping } from "./stacks.js";

/** Most characters of a site in a trace. */
const MOST_CHARACTERS = 4096;

export interface NamedStacks {
  /** By number; undefined for 0, and for stacks without frames. */
  names: (string | undefined)[];
  notes: string[];
}

/** Names stacks as sites: frames from the outermost to the innermost. */
export async function nameStacks(stacks: readonly (readonly Frame[])[]): Promise<NamedStacks> {
  const { nameOf, notes } = await nameFrames(stacks);
  const lists = stacks.map((frames) => frames.map((frame) => nameOf(frame)));
  const deepest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  // A trace has only so many sites. Without their outermost frames, more stacks are one.
  const named = (depth: number) => lists.map((list) => siteOf(list, depth));
  let depth = deepest;
  let names = named(depth);
  while (new Set(names).size > MOST_SITES && depth > 1) names = named(--depth);
  if (depth < deepest)
    notes.push(`sites have their innermost ${depth} frames, for a trace has at most ${MOST_SITES - 1}`);
  return { names, notes };
}

function siteOf(innermostFirst: readonly string[], depth: number): string | undefined {
  if (innermostFirst.length === 0) return undefined;
  let frames = innermostFirst.slice(0, depth);
  while (frames.length > 1 && frames.join(";").length > MOST_CHARACTERS) frames = frames.slice(0, -1);
  return frames.reverse().join(";").slice(0, MOST_CHARACTERS);
}

/** Asks for the names of all frames, once for each module. */
async function nameFrames(
  stacks: readonly (readonly Frame[])[],
): Promise<{ nameOf: (frame: Frame) => string; notes: string[] }> {
  const offsets = new Map<string, Set<number>>();
  for (const { address, mapping } of stacks.flat()) {
    if (!mapping?.path) continue;
    const known = offsets.get(mapping.path) ?? new Set();
    offsets.set(mapping.path, known.add(offsetOf(address, mapping)));
  }
  const names = new Map<string, Map<number, string>>();
  let why: string | undefined;
  for (const [path, asked] of offsets) {
    const found = await namesIn(path, [...asked]).catch((error: NodeJS.ErrnoException) => {
      why = error.code === "ENOENT" ? "there is no addr2line: install binutils" : error.message;
      return new Map<number, string>();
    });
    names.set(path, found);
  }
  const nameOf = ({ address, mapping }: Frame): string => {
    if (!mapping?.path) return "?";
    const offset = offsetOf(address, mapping);
    return (
      names.get(mapping.path)?.get(offset) ?? clean(`${basename(mapping.path)}+0x${offset.toString(16)}`)
    );
  };
  return { nameOf, notes: why === undefined ? [] : [`functions have no names: ${why}`] };
}

const offsetOf = (address: number, { from, offset }: Mapping): number => address - from + offset;

/** Names by offsets in a file, of those that have one. */
async function namesIn(path: string, offsets: readonly number[]): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  const elf = await readElf(path);
  if (!elf) return names;
  const asked = offsets.filter((offset) => addressAt(elf, offset) !== undefined);
  const questions = asked.map((offset) => `0x${(addressAt(elf, offset) as number).toString(16)}\n`).join("");
  const answers = await ask("addr2line", ["-a", "-i", "-f", "-C", "-e", path], questions);
  parseAnswers(answers).forEach((name, i) => {
    const offset = asked[i];
    if (name && offset !== undefined) names.set(offset, name);
  });
  return names;
}

/**
 * What addr2line answers, by question: a line with the address, then a function and a line of its source, of what was inlined
 * there the innermost first. As frames, outermost first; empty if it does not know.
 */
function parseAnswers(text: string): string[] {
  const answers = text.split(/^0x[0-9a-f]+\n/m).slice(1);
  return answers.map((answer) => {
    const functions = answer.split("\n").filter((line, i) => i % 2 === 0 && line !== "");
    return functions.includes("??") ? "" : functions.reverse().map(clean).join(";");
  });
}

/** As a frame of a site: semicolons part frames. */
const clean = (name: string): string => printable(name.replaceAll(";", ",")).trim() || "?";

function ask(program: string, words: readonly string[], input: string): Promise<string> {
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "ignore"] });
  let output = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stdin.on("error", () => {}); // it need not read what it is given
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}
