import { OptionError } from "../base/errors.js";
import type { MachineSettings } from "./instance.js";
import { type KernelKind, machineOptions, type OptionInfo } from "./machine.js";
import { type ModelInfo, models } from "./models.js";

/** Settings by name: the machine's (`machineOptions`) and the model's own (`ModelInfo.options`). */
export type Options = Readonly<Record<string, string | number>>;

const names = (infos: readonly { name: string }[]): string => infos.map(({ name }) => name).join(", ");

/** @throws OptionError naming the models there are. */
export function findModel(name: string): ModelInfo {
  const found = models.find((model) => model.name === name);
  if (!found) throw new OptionError(`there is no allocator "${name}"; there are ${names(models)}`);
  return found;
}

function checkOption(info: OptionInfo, value: string | number): void {
  const isAllowed = info.values
    ? info.values.includes(String(value))
    : typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  if (isAllowed) return;
  const wanted = info.values
    ? `one of ${info.values.join(", ")}`
    : `a whole number${info.unit ? ` of ${info.unit}` : ""}`;
  throw new OptionError(`option ${info.name} takes ${wanted}; got ${value}`);
}

/** Checks every option by name and value. @throws OptionError */
function checkOptions(model: ModelInfo, options: Options): void {
  const known = [...model.options, ...machineOptions];
  for (const [name, value] of Object.entries(options)) {
    const info = known.find((option) => option.name === name);
    if (!info) throw new OptionError(`${model.name} has no option "${name}"; it has ${names(known)}`);
    checkOption(info, value);
  }
}

function machineOption(options: Options, name: string): string | number {
  return options[name] ?? (machineOptions.find((option) => option.name === name) as OptionInfo).default;
}

/** The machine's settings. @throws OptionError for anything unknown, or a page size there is none of. */
export function machineSettings(model: ModelInfo, options: Options): MachineSettings {
  checkOptions(model, options);
  const pageBytes = Number(machineOption(options, "pageSize"));
  if (![4096, 16384, 65536].includes(pageBytes)) {
    throw new OptionError(`option pageSize takes 4096, 16384 or 65536; got ${pageBytes}`);
  }
  return {
    kernel: (options.kernel as KernelKind | undefined) ?? model.kernel,
    pageBytes,
    memoryBytes: Number(machineOption(options, "memory")),
    addressSpaceBytes: Number(machineOption(options, "addressSpace")),
  };
}

/** The model's own options as numbers, by their place in the registry; words become their index. */
export function modelSettings(model: ModelInfo, options: Options): [place: number, value: number][] {
  return model.options.flatMap(({ name, values }, place) => {
    const value = options[name];
    if (value === undefined) return [];
    return [[place, values ? values.indexOf(String(value)) : Number(value)] as [number, number]];
  });
}
