/**
 * How sure each model is, in one table: `zeropage models` prints it, and reports and the page note what is less
 * than equal to the real library.
 */
import type { Options } from "../allocator/choice.js";
import type { OptionInfo } from "./machine.js";

/** By the value of the option `version`, in words. A model without that option has one version. */
export type Sureness = Readonly<Record<string, string>>;

const EQUAL = "equal to the real library in every address";
const READ = "read from public sources; never run";
const COMPARED =
  "read from public sources; never run on macOS; on Linux its magazines' code put blocks where the model does";

/** By model. What models nothing real is not here. */
export const sureness = {
  glibc: { "2.36": EQUAL, "2.39": READ, "2.41": EQUAL, "2.43": EQUAL },
  libmalloc: { 116: READ, 166: COMPARED, 283: COMPARED, 425: COMPARED, 792: READ },
} as const satisfies Record<string, Sureness>;

/** What a report says of a version that is less than equal: a sentence, or none. */
export function notesOn(
  { options, sureness: words = {} }: { options: readonly OptionInfo[]; sureness?: Sureness },
  settings: Options,
): readonly string[] {
  const [only] = Object.keys(words);
  const initial = options.find(({ name }) => name === "version")?.default ?? only;
  const version = String(settings.version ?? initial);
  const said = words[version];
  return said === undefined || said === EQUAL ? [] : [`version ${version} is ${said}`];
}
