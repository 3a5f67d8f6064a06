import { builtInModules } from "../allocator/built-in.js";
import { exactBytes, joinWords } from "../base/numbers.js";
import { MODULE_OPTIONS } from "../foreign/module-options.js";
import { jsonReport } from "../report/json.js";
import type { Environment } from "./environment.js";
import type { Catalogue, ModelInfo, OptionInfo } from "./library.js";
import { writeLines } from "./terminal.js";

/** Lists the models with their options, and the built-in modules, for people or as JSON. */
export function modelsCommand(flags: { json?: boolean }, { stdout, library, version }: Environment): void {
  const { machineOptions } = library;
  // The registry holds more about a model, such as the place of its module.
  const models = library.models.map(({ name, summary, kernel, options, sureness, ...has }) => ({
    ...{ name, summary, kernel, options },
    ...(has.hasPlacement && { hasPlacement: true }),
    ...(has.hasHugePages && { hasHugePages: true }),
    ...(sureness && { sureness }),
  }));
  const modules = builtInModules.map(({ name, summary }) => ({ name, summary }));
  if (flags.json)
    stdout.write(jsonReport({ models, machineOptions, modules, moduleOptions: MODULE_OPTIONS }, version));
  else writeLines(stdout, `${modelsText(library)}\n${modulesText(modules)}`);
}

/** One paragraph for each built-in module, and one for the options of modules. Ends in a newline. */
function modulesText(modules: readonly { name: string; summary: string }[]): string {
  const paragraphs = modules.map(({ name, summary }) => `${name} (wasm module)\n  ${summary}`);
  const options = `every wasm module, by its name here or its path\n    ${MODULE_OPTIONS.join(", ")}`;
  return `${[...paragraphs, options].join("\n\n")}\n`;
}

/** One paragraph for each model, and for the options of the machine that all of them take, or some. Ends in a newline. */
export function modelsText({ models, machineOptions }: Catalogue): string {
  const width = Math.max(...[...models.flatMap(({ options }) => options), ...machineOptions].map(leftWidth));
  const paragraphs = models.map((model) =>
    [
      `${model.name} (kernel ${model.kernel})`,
      `  ${model.summary}`,
      ...(model.layers ? layerLines(model.layers, width) : ownLines(model, width)),
    ].join("\n"),
  );
  const paragraphOf = (title: string, takers: readonly ModelInfo[], options: readonly OptionInfo[]) => {
    const names = joinWords(takers.map(({ name }) => name));
    const lines = [title.replace("NAMES", names), ...options.map((option) => optionLine(option, width))];
    return options.length > 0 ? [lines.join("\n")] : [];
  };
  const machine = [
    ...paragraphOf(
      "every model (NAMES)",
      models,
      machineOptions.filter(({ needs }) => !needs),
    ),
    ...(["hasPlacement", "hasHugePages"] as const).flatMap((ability) =>
      paragraphOf(
        "NAMES besides",
        models.filter((model) => model[ability]),
        machineOptions.filter(({ needs }) => needs === ability),
      ),
    ),
  ];
  return `${[...paragraphs, ...machine].join("\n\n")}\n`;
}

function ownLines({ options, sureness = {} }: ModelInfo, width: number): string[] {
  return [
    ...Object.entries(sureness).map(([version, words]) => `  version ${version} is ${words}`),
    ...options.map((option) => optionLine(option, width)),
    ...realNamesLine(options),
  ];
}

/** Of a composition what the layer has; the model below has a paragraph of its own. */
function layerLines({ layer, base }: NonNullable<ModelInfo["layers"]>, width: number): string[] {
  const { options, release, sureness } = layer;
  const alike = [...new Set(Object.values(sureness))].map((words) => {
    const releases = Object.keys(sureness).filter((one) => sureness[one] === words);
    return `  ${release} ${joinWords(releases)}: ${words}`;
  });
  return [
    ...alike,
    ...options.map((option) => optionLine(option, width)),
    ...(base.options.length > 0 ? [`    and the options of ${base.name}`] : []),
  ];
}

/** Says that options may have the real allocator's names, by those of one. */
function realNamesLine(options: readonly OptionInfo[]): string[] {
  const names = options.find(({ real }) => real)?.real;
  const minusOne = options.some(({ real, takesMinusOne }) => real && takesMinusOne)
    ? "; -1 is as to the real one: never, or without limit"
    : "";
  return names ? [`    also by their real names, such as ${names.join(", ")}${minusOne}`] : [];
}

function optionLine(option: OptionInfo, width: number): string {
  return `    ${left(option).padEnd(width)}  ${option.summary} (default ${initial(option)})`;
}

function left({ name, values, unit, default: initial }: OptionInfo): string {
  const plain = typeof initial === "number" ? "NUMBER" : "WORD";
  return `${name}=${values?.join("|") ?? (unit === "bytes" ? "SIZE" : plain)}`;
}

const leftWidth = (option: OptionInfo) => left(option).length;

/** Sizes as people write them; counts as they are. */
function initial({ default: value, unit }: OptionInfo): string {
  return typeof value === "number" && unit === "bytes" ? exactBytes(value) : String(value);
}
