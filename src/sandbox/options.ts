import type { Options } from "../allocator/choice.js";
import type {
  HugePagesKind,
  KernelKind,
  LinuxSettings,
  MachineSettings,
  MapAlignmentKind,
  ZeroPageKind,
} from "../allocator/machine.js";
import { OptionError } from "../base/errors.js";
import { machineOptions, type OptionInfo } from "./machine.js";
import { takenBy } from "./model-info.js";
import { type ModelInfo, models } from "./models.js";
import { LINUX_DEFAULTS } from "./placement.js";

const names = (infos: readonly { name: string }[]): string => infos.map(({ name }) => name).join(", ");

/** The model of a name. @throws OptionError, which lists all models, for an unknown name. */
export function findModel(name: string): ModelInfo {
  const found = models.find((model) => model.name === name);
  if (!found) throw new OptionError(`there is no allocator "${name}"; there are ${names(models)}`);
  return found;
}

/** An option of a model or of its machine. @throws OptionError, which lists all of them, for an unknown name. */
export function findOption(model: ModelInfo, name: string): OptionInfo {
  const known = [...model.options, ...takenBy(model, machineOptions)];
  const found = optionOf(known, name);
  if (!found)
    throw new OptionError(`${model.name} has no option "${name}"${others(name)}; it has ${names(known)}`);
  return found;
}

/** Which models have an option, if it is one of machines. */
function others(name: string): string {
  const having = models.filter((model) =>
    takenBy(model, machineOptions).some((option) => option.name === name),
  );
  return having.length > 0 ? `, which ${names(having)} have` : "";
}

/** An option by its name, or by one that the real allocator has for it. */
export function optionOf(known: readonly OptionInfo[], name: string): OptionInfo | undefined {
  return known.find((option) => option.name === name || option.real?.includes(name));
}

/** The options by our names, without those that are undefined. @throws OptionError where two names set one option. */
export function ownOptions(model: ModelInfo, options: Options): Options {
  const own: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const option = findOption(model, name);
    if (Object.hasOwn(own, option.name)) throw new OptionError(`${name} sets ${option.name} twice`);
    own[option.name] = value;
  }
  return own;
}

const isNumberFor = (info: OptionInfo, value: number): boolean =>
  info.takesFractions ? Number.isFinite(value) : Number.isSafeInteger(value);

function checkOption(info: OptionInfo, value: string | number): void {
  const isAllowed = info.values
    ? info.values.includes(String(value))
    : typeof value === "number" && isNumberFor(info, value) && value >= (info.takesMinusOne ? -1 : 0);
  if (isAllowed) return;
  const wanted = info.values
    ? `one of ${info.values.join(", ")}`
    : `a${info.takesFractions ? "" : " whole"} number${info.unit ? ` of ${info.unit}` : ""}${info.takesMinusOne ? ", or -1" : ""}`;
  throw new OptionError(`option ${info.name} takes ${wanted}; got ${value}`);
}

function machineOption(options: Options, name: string): string | number {
  return options[name] ?? (machineOptions.find((option) => option.name === name) as OptionInfo).default;
}

/** The machine's settings. @throws OptionError for an unknown option or value, or an impossible page size. */
export function machineSettings(model: ModelInfo, options: Options): MachineSettings {
  for (const [name, value] of Object.entries(options)) checkOption(findOption(model, name), value);
  for (const [name, value] of Object.entries(model.only ?? {})) {
    if ((options[name] ?? value) === value) continue;
    throw new OptionError(`${model.name} takes ${name} ${value} only`);
  }
  const pageBytes = Number(machineOption(options, "pageSize"));
  if (![4096, 16384, 65536].includes(pageBytes)) {
    throw new OptionError(`option pageSize takes 4096, 16384 or 65536; got ${pageBytes}`);
  }
  return {
    kernel: (options.kernel as KernelKind | undefined) ?? model.kernel,
    pageBytes,
    memoryBytes: Number(machineOption(options, "memory")),
    addressSpaceBytes: Number(machineOption(options, "addressSpace")),
    maxMaps: Number(machineOption(options, "maxMaps")),
    mapAlignment: machineOption(options, "mapAlignment") as MapAlignmentKind,
    zeroPage: machineOption(options, "zeroPage") as ZeroPageKind,
    hugePages: machineOption(options, "hugePages") as HugePagesKind,
    clock: Number(machineOption(options, "clock")),
    ...linuxSettings(options),
  };
}

/** Words stay words, and numbers are checked to be numbers before. */
function linuxSettings(options: Options): LinuxSettings {
  const entries = Object.keys(LINUX_DEFAULTS).map((name) => [name, machineOption(options, name)]);
  return Object.fromEntries(entries) as LinuxSettings;
}

/** The model's own options as numbers, with their index in the registry. A word becomes its index. */
export function modelSettings(model: ModelInfo, options: Options): [place: number, value: number][] {
  return model.options.flatMap(({ name, values }, place) => {
    const value = options[name];
    if (value === undefined) return [];
    return [[place, values ? values.indexOf(String(value)) : Number(value)] as [number, number]];
  });
}
