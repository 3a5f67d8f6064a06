import { exactBytes, joinWords } from "../base/numbers.js";
import type { Environment } from "./environment.js";
import type { Catalogue, OptionInfo } from "./library.js";

/** Lists the models and their options, for people or as JSON. */
export function modelsCommand(flags: { json?: boolean }, { stdout, library }: Environment): void {
  const { machineOptions } = library;
  // The registry holds more about a model, such as the place of its module.
  const models = library.models.map(({ name, summary, kernel, options, sureness }) => ({
    ...{ name, summary, kernel, options },
    ...(sureness && { sureness }),
  }));
  stdout.write(
    flags.json
      ? `${JSON.stringify({ models, machineOptions }, null, 2)}\n`
      : modelsText({ models, machineOptions }),
  );
}

/** One paragraph for each model, and one for the options that all of them take. Ends in a newline. */
export function modelsText({ models, machineOptions }: Catalogue): string {
  const width = Math.max(...[...models.flatMap(({ options }) => options), ...machineOptions].map(leftWidth));
  const paragraphs = models.map(({ name, summary, kernel, options, sureness = {} }) =>
    [
      `${name} (kernel ${kernel})`,
      `  ${summary}`,
      ...Object.entries(sureness).map(([version, words]) => `  version ${version} is ${words}`),
      ...options.map((option) => optionLine(option, width)),
    ].join("\n"),
  );
  const names = joinWords(models.map(({ name }) => name));
  const machine = [`every model (${names})`, ...machineOptions.map((option) => optionLine(option, width))];
  return `${[...paragraphs, ...(machineOptions.length > 0 ? [machine.join("\n")] : [])].join("\n\n")}\n`;
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
