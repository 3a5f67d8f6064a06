/** Names of call stacks: of functions by addr2line and nm, or a module and an offset where they have none. */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { MOST_SITES } from "#shared/records";
import { joinWords } from "../../base/numbers.js";
import { printable } from "../../base/printable.js";
import { addressAt, readElf } from "./elf.js";
import type { Frame, Mapping } from "./stacks.js";

/** Most characters of a site in a trace. */
const MOST_CHARACTERS = 4096;

/** Files that a note names. */
const MOST_FILES = 3;

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
  if (why !== undefined) return { nameOf, notes: [`functions have no names: ${why}`] };
  const nameless = [...offsets].filter(([path, asked]) => (names.get(path)?.size ?? 0) < asked.size);
  return { nameOf, notes: stripped(nameless.map(([path]) => clean(basename(path)))) };
}

/** Says of which files not all functions have names. */
function stripped(files: readonly string[]): string[] {
  if (files.length === 0) return [];
  const named = files.length > MOST_FILES ? [...files.slice(0, MOST_FILES), "others"] : files;
  return [`not all functions of ${joinWords(named)} have names: their debug symbols are not installed`];
}

const offsetOf = (address: number, { from, offset }: Mapping): number => address - from + offset;

/** Names by offsets in a file, of those that have one. */
async function namesIn(path: string, offsets: readonly number[]): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  const elf = await readElf(path);
  if (!elf) return names;
  const asked = offsets.flatMap((offset) => {
    const address = addressAt(elf, offset);
    return address === undefined ? [] : [{ offset, address }];
  });
  const questions = asked.map(({ address }) => `0x${address.toString(16)}\n`).join("");
  const answers = parseAnswers(await ask("addr2line", ["-a", "-i", "-f", "-C", "-e", path], questions));
  // Without debug information it names the last function before that it knows, and of stripped files it knows few.
  const symbols = answers.every(({ hasLine }) => hasLine) ? undefined : await SymbolTable.read(path);
  asked.forEach(({ offset, address }, i) => {
    const { name = "", hasLine = false } = answers[i] ?? {};
    const sure = hasLine ? name : symbols?.nameAt(address);
    if (sure) names.set(offset, sure);
  });
  return names;
}

interface Answer {
  /** As frames, outermost first; empty if it is not known. */
  name: string;
  /** It is known from debug information. */
  hasLine: boolean;
}

/**
 * What addr2line answers, by question: a line with the address, then a function and a line of its source, of what was inlined
 * there the innermost first.
 */
function parseAnswers(text: string): Answer[] {
  const answers = text.split(/^0x[0-9a-f]+\n/m).slice(1);
  return answers.map((answer) => {
    const lines = answer.trimEnd().split("\n");
    const functions = lines.filter((_, i) => i % 2 === 0);
    const hasLine = !functions.includes("??") && !lines.some((line) => line.startsWith("??:"));
    return { name: hasLine ? functions.reverse().map(clean).join(";") : "", hasLine };
  });
}

/** The functions of a file, with where they begin and end. */
class SymbolTable {
  private constructor(private readonly symbols: readonly { from: number; to: number; name: string }[]) {}

  /** Of a stripped file, what it gives to others. */
  static async read(path: string): Promise<SymbolTable> {
    const flags = ["-S", "-C", "--defined-only"];
    const text = (await ask("nm", [...flags, path], "")) || (await ask("nm", ["-D", ...flags, path], ""));
    const symbols = text.split("\n").flatMap((line) => {
      const [, from = "", bytes = "", name = ""] =
        /^([0-9a-f]+) ([0-9a-f]+) [tTwWiu] (.[^@]*)/.exec(line) ?? [];
      return name ? [{ from: hex(from), to: hex(from) + hex(bytes), name: clean(name) }] : [];
    });
    return new SymbolTable(symbols.sort((one, other) => one.from - other.from));
  }

  nameAt(address: number): string | undefined {
    let [low, high] = [0, this.symbols.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.symbols[middle]?.from ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    const found = this.symbols[low - 1];
    return found && address < found.to ? found.name : undefined;
  }
}

const hex = (digits: string): number => Number.parseInt(digits, 16);

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
