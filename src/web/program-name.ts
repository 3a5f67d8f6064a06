/** What is run, in a few words: for the title of the page, headings, and names of files. */
import { formatCount } from "../index.js";
import { formatChoice, formatExact, formatPercent, type Input, type ViewState } from "./state.js";

const sizeOf = (bytes: number) => formatExact(bytes).replace(/(?=[KMGT]iB)/, " ");

export function programOf(input: Input): string {
  switch (input.kind) {
    case "loop": {
      const written = input.written > 0 ? `, ${formatPercent(input.written)} written` : "";
      return `calloc of ${sizeOf(input.bytes)}, ${formatCount(input.count)} times${written}`;
    }
    case "reads":
      return `reads by ${input.way} of ${sizeOf(input.chunk)}`;
    case "text":
      return "a program";
    default:
      return input.name;
  }
}

/** "libmalloc and glibc: calloc of 100 MiB, 10,000 times · zeropage" */
export function titleOf({ input, sides }: ViewState): string {
  return `${sides.map(formatChoice).join(" and ")}: ${programOf(input)} · zeropage`;
}
