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
const RULES =
  "written from rules that equalled the real library in every address; the model itself was compared in 3.11 only";
const COMPARED =
  "read from public sources; never run on macOS; on Linux its magazines' code put blocks where the model does";

/** By model. What models nothing real is not here. */
export const sureness = {
  glibc: { "2.36": EQUAL, "2.39": READ, "2.41": EQUAL, "2.43": EQUAL },
  pymalloc: {
    ...{ "2.7": RULES, "3.6": RULES, "3.7": RULES, "3.8": RULES, "3.9": RULES, "3.10": RULES },
    "3.11": EQUAL,
  },
  libmalloc: { 116: READ, 166: COMPARED, 283: COMPARED, 425: COMPARED, 792: READ },
  jemalloc: { "5.3.0": EQUAL },
  mimalloc: { "2.0.9": EQUAL },
  tcmalloc: { "2.10": EQUAL },
} as const satisfies Record<string, Sureness>;

/** What can be more or less sure: a model, or of a composition the layer and the model below. */
interface Versioned {
  options: readonly OptionInfo[];
  sureness?: Sureness;
  /** The option that says which version it is; `version` if it is not said. */
  release?: string;
  layers?: { layer: Versioned & { name: string }; base: Versioned & { name: string } };
}

/** What a report says of a version that is less than equal: a sentence, or none; of a composition one for each. */
export function notesOn(model: Versioned, settings: Options): readonly string[] {
  const { options, sureness: words = {}, release = "version", layers } = model;
  if (layers) {
    return [layers.layer, layers.base].flatMap((part) =>
      notesOn(part, settings).map((note) => `${part.name} ${note}`),
    );
  }
  const [only] = Object.keys(words);
  const initial = options.find(({ name }) => name === release)?.default ?? only;
  const version = String(settings[release] ?? initial);
  const said = words[version];
  return said === undefined || said === EQUAL ? [] : [`version ${version} is ${said}`];
}
