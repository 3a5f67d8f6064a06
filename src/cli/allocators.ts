/**
 * The allocator syntax: `name` or `name:option=value:option=value`, comma separated. Options are the
 * model's own and the machine's; sizes may have units. Modules, by their paths, have options too (modules.ts).
 */

import { isModule } from "../allocator/name.js";
import { parseBytes } from "../base/bytes.js";
import { UsageError } from "../base/errors.js";
import { joinWords } from "../base/numbers.js";
import type { OptionValues } from "../results/run.js";
import type { Catalogue, ModelInfo, OptionInfo } from "./library.js";
import { isModuleText, parseModule } from "./modules.js";

const TAKERS = "name a model; run calloc-loop, cliffs, replay, check and bench take modules";

/** One allocator to run. */
export interface AllocatorChoice {
  /** A model, or the path of a module. */
  model: string;
  /** As given; an option not given is not here. */
  options: OptionValues;
}

/** The options to hand to the library: an allocator's own, and of a model which build to run. */
export function runOptions(
  { model, options }: AllocatorChoice,
  check: boolean,
): OptionValues & { check?: boolean } {
  const build: { check?: boolean } = check && !isModule(model) ? { check } : {};
  return Object.assign({}, options, build);
}

/** Reads a list of allocators, each once, paths of wasm modules too if they are allowed; without one, every model with its defaults. */
export function parseAllocators(
  text: string | undefined,
  catalogue: Catalogue,
  modules: "modules" | "models only" = "models only",
): AllocatorChoice[] {
  if (text === undefined) return catalogue.models.map(({ name }) => ({ model: name, options: {} }));
  const choices = text
    .split(",")
    .map((one) => one.trim())
    .map((one) => {
      if (!isModuleText(one)) return parseAllocator(one, catalogue);
      if (modules === "modules") return parseModule(one);
      throw new UsageError(
        `--allocator: ${one} is a wasm module, which runs on no simulated machine: ${TAKERS}`,
      );
    });
  return [...new Map(choices.map((choice) => [JSON.stringify(choice), choice])).values()];
}

function parseAllocator(text: string, catalogue: Catalogue): AllocatorChoice {
  const [name = "", ...settings] = text.split(":");
  const model = catalogue.models.find((candidate) => candidate.name === name);
  if (!model) {
    const names = joinWords(catalogue.models.map((candidate) => candidate.name));
    throw new UsageError(`--allocator: there is no model "${name}"; there are ${names}`);
  }
  const options: OptionValues = {};
  for (const setting of settings) {
    const [option, value] = parseSetting(setting, model, catalogue);
    if (Object.hasOwn(options, option)) throw new UsageError(`--allocator: "${text}" sets ${option} twice`);
    options[option] = value;
  }
  return { model: name, options };
}

function parseSetting(text: string, model: ModelInfo, catalogue: Catalogue): [string, string | number] {
  const [, name, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`--allocator: "${text}" is not an option: write ${model.name}:option=value`);
  }
  const known = [...model.options, ...catalogue.machineOptions];
  const option = known.find((candidate) => candidate.name === name);
  if (!option) {
    const names = joinWords([...new Set(known.map((candidate) => candidate.name))]);
    throw new UsageError(`--allocator: ${model.name} has no option "${name}"; it takes ${names}`);
  }
  return [name, parseValue(value, option, model)];
}

/** Reads a value as its option wants it: a number where that has bytes or a number, one of its words, or any word. */
function parseValue(text: string, option: OptionInfo, model: ModelInfo): string | number {
  const numeric = option.unit === "bytes" || typeof option.default === "number";
  const value = numeric ? parseNumber(text) : text;
  const allowed = option.values?.map((word) => (numeric ? parseNumber(word) : word));
  if (value === undefined || value === "" || (allowed && !allowed.includes(value))) {
    throw new UsageError(`--allocator: ${model.name}:${option.name} cannot be "${text}"; ${wanted(option)}`);
  }
  return value;
}

function wanted({ values, unit }: OptionInfo): string {
  if (values) return `it is one of ${values.join(", ")}`;
  return unit === "bytes" ? "it is a size, such as 64GiB" : "it is a number";
}

/** A plain number, or a size in bytes; undefined if the text is neither. */
function parseNumber(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  try {
    return parseBytes(text);
  } catch {
    return undefined;
  }
}
