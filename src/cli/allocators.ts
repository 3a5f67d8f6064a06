/** Allocators on a command line: written as allocator/choice.ts says, separated by commas. */

import { builtInModules } from "../allocator/built-in.js";
import { isModule, type Options, splitChoice } from "../allocator/choice.js";
import { OptionError, UsageError } from "../base/errors.js";
import { parseCount } from "../base/flags.js";
import { joinWords } from "../base/numbers.js";
import { readSettings, type WrittenChoice } from "../base/settings.js";
import type { OptionValues } from "../results/run.js";
import { takenBy } from "../sandbox/model-info.js";
import { inOwnNames, readOption, wantedOf } from "../sandbox/option-text.js";
import type { Catalogue, ModelInfo, OptionInfo } from "./library.js";
import { readModuleOptions } from "./modules.js";

/** Every model that is no layer. */
const ALL = "all";
const TAKERS =
  "name a model here; run calloc-loop and pattern, cliffs, replay, tune, check and bench take modules";

/** One allocator to run. */
export interface AllocatorChoice {
  /** A model, or the path or name of a module. */
  model: string;
  /** As given; an option not given is not here. */
  options: OptionValues;
}

/** The flags of all commands that run models, as typed. Modules have neither check builds nor clocks. */
export interface ModelFlags {
  check?: boolean;
  clock?: string;
}

/**
 * The options for the library: the allocator's own, and for a model which build to run, and its clock if it has none.
 * @throws UsageError
 */
export function runOptions(
  { model, options }: AllocatorChoice,
  { check, clock }: ModelFlags,
): OptionValues & { check?: boolean } {
  if (isModule(model)) return options;
  const time = clock === undefined ? {} : { clock: parseCount(clock, "--clock") };
  return Object.assign({}, time, options, check ? { check } : {});
}

/**
 * Reads a list of allocators without repetition. Without a list: every model with its defaults, but for those that are
 * layers over another, and those that are for who asks; `all` brings these, too.
 * @throws UsageError
 */
export function parseAllocators(
  text: string | undefined,
  catalogue: Catalogue,
  modules: "modules" | "models only" = "models only",
): AllocatorChoice[] {
  if (text === undefined) return byDefault(withoutLayers(catalogue).filter(({ onRequest }) => !onRequest));
  const choices = text
    .split(",")
    .map((one) => one.trim())
    .flatMap((one) => {
      if (one === ALL) return byDefault(withoutLayers(catalogue));
      const choice = splitChoice(one);
      if (!isModule(choice.name)) return readModelOptions(choice, catalogue, modules === "modules");
      if (modules === "modules") return readModuleOptions(choice);
      throw new UsageError(
        `--allocator: ${one} is a wasm module, and this command needs the simulated machine: ${TAKERS}`,
      );
    });
  return [...new Map(choices.map((choice) => [JSON.stringify(choice), choice])).values()];
}

const byDefault = (models: readonly ModelInfo[]): AllocatorChoice[] =>
  models.map(({ name }) => ({ model: name, options: {} }));

const withoutLayers = ({ models }: Catalogue) => models.filter(({ layers }) => !layers);

/** @throws UsageError naming the flag. */
function readModelOptions(
  choice: WrittenChoice,
  catalogue: Catalogue,
  takesModules: boolean,
): AllocatorChoice {
  const model = catalogue.models.find(({ name }) => name === choice.name);
  try {
    if (!model) {
      const modules = takesModules ? `, and the modules ${namesOf(builtInModules)}` : "";
      throw new OptionError(
        `there is no model "${choice.name}"; there are ${namesOf(catalogue.models)}${modules}`,
      );
    }
    const written = inOwnNames(choice, optionsFor(model, catalogue));
    const options = readSettings(written, "option=value", (name, value) =>
      parseOption(name, value, model, catalogue),
    );
    return { model: model.name, options };
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(`--allocator: ${error.message}`) : error;
  }
}

const namesOf = (list: readonly { name: string }[]): string => joinWords(list.map(({ name }) => name));

const optionsFor = (model: ModelInfo, { machineOptions }: Catalogue): readonly OptionInfo[] => [
  ...model.options,
  ...takenBy(model, machineOptions),
];

function parseOption(name: string, text: string, model: ModelInfo, catalogue: Catalogue): Options[string] {
  const known = optionsFor(model, catalogue);
  const option = known.find((candidate) => candidate.name === name);
  if (!option) {
    const names = joinWords([...new Set(known.map((candidate) => candidate.name))]);
    throw new OptionError(`${model.name} has no option "${name}"; it takes ${names}`);
  }
  const value = readOption(option, text);
  if (value !== undefined) return value;
  throw new OptionError(`${model.name}:${option.name} cannot be "${text}"; it is ${wantedOf(option)}`);
}
