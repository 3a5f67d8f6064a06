/** The command line that gives the figures of a view: those of whole runs, whatever place is shown. */
import { TRACE_FILES } from "../files.js";
import { isModule } from "../protocol.js";
import {
  type Bundled,
  formatChoice,
  formatExact,
  formatPercent,
  type Input,
  processOf,
  type ViewState,
} from "../state.js";

/** A command for a POSIX shell; undefined if the command line has none: the bug report knows no modules. */
export function commandOf(state: ViewState): string | undefined {
  const { input, sides } = state;
  const allocators = [...new Set(sides.map(formatChoice))].join(",");
  const fetched = sides.flatMap(({ allocator, url }) => (url === undefined ? [] : [fetch(allocator, url)]));
  const command = runOf(state, `--allocator ${quoted(allocators)}`);
  if (input.kind === "reads" && sides.some(isModule)) return undefined;
  return [...new Set(fetched), command].join("\n");
}

const fetch = (file: string, url: string) => `curl -sSL -o ${quoted(file)} ${quoted(url)}`;

function runOf({ input, touch }: ViewState, allocators: string): string {
  if (input.kind === "loop") {
    const written = input.written > 0 ? ` --written ${formatPercent(input.written)}` : "";
    const { bytes, count } = input;
    return `zeropage run calloc-loop --size ${formatExact(bytes)} --count ${count}${written} ${allocators}`;
  }
  if (input.kind === "reads") {
    const { chunk, body } = input;
    return `zeropage run iter-content --size ${formatExact(chunk)} --body ${formatExact(body)} ${allocators}`;
  }
  const process = processOf(input);
  const flags = [
    ...(touch === "none" ? [] : [`--touch ${touch}`]),
    ...(process === undefined ? [] : [`--process ${process}`]),
    allocators,
  ].join(" ");
  return replayOf(input, flags);
}

function replayOf(input: Exclude<Input, { kind: "loop" | "reads" }>, flags: string): string {
  if (input.kind === "trace") return bundled(input.name, flags);
  if (input.kind === "text") return `zeropage replay - ${flags} ${here(input.text)}`;
  return input.url === undefined
    ? `zeropage replay ${quoted(input.name.startsWith("-") ? `./${input.name}` : input.name)} ${flags}`
    : `curl -sSL ${quoted(input.url)} | zeropage replay - ${flags}`;
}

function bundled(name: Bundled, flags: string): string {
  if (name !== "cinnabar") return `curl -sSL ${quoted(TRACE_FILES[name].href)} | zeropage replay - ${flags}`;
  // The experiment runs its program as well, which takes least on lazy.
  const save = "zeropage run cinnabar --allocator lazy --save-trace cinnabar.txt";
  return `${save} >cinnabar-lazy.txt\nzeropage replay cinnabar.txt ${flags}`;
}

/** A program as a here-document, ended by a word that it has not. */
function here(text: string): string {
  const lines = text.replace(/\n$/, "");
  let end = "END";
  while (lines.split("\n").includes(end)) end += "_";
  return `<<'${end}'\n${lines}\n${end}`;
}

/** A word as the shell takes it. */
export const quoted = (word: string): string =>
  /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
