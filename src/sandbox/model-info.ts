import type { KernelKind } from "../allocator/machine.js";
import { type NameOf, namesOf } from "../base/enums.js";
import type { OwnFile } from "../base/own-file.js";
import type { OptionInfo } from "./machine.js";
import type { Sureness } from "./sureness.js";

/** A model: an allocator that a sandbox can run. */
export interface ModelInfo {
  name: string;
  summary: string;
  /** Whether its module's machine has files. The others are smaller without. */
  hasFiles?: boolean;
  /** Whether it places and limits memory as it is told, and a program maps memory of its own. The others are smaller without. */
  hasPlacement?: boolean;
  /** Whether its module's machine has huge pages. The others are smaller without. */
  hasHugePages?: boolean;
  /** The kernel it runs on by default. */
  kernel: KernelKind;
  /** Sentences that reports about it have to say. */
  notes?: readonly string[];
  /** Whether it looks at the clock. Reports then say which one it had. */
  watchesClock?: boolean;
  /** Whether reports on no allocators in particular leave it out: they are to fit on a screen. */
  onRequest?: boolean;
  /** Options of the machine of which it takes one value only, as its build is for that. */
  only?: Readonly<Record<string, string | number>>;
  /** Its options, in the order of their numbers. */
  options: readonly OptionInfo[];
  /** Bytes before each block that are its allocator's record of it; 0 if records lie elsewhere. Absent where blocks differ in it. */
  headerBytes?: number;
  /** What it prints before it aborts the process, in the order of the message numbers. */
  messages: readonly string[];
  /** Where it keeps free memory, in the order of the numbers. */
  freeLists?: readonly string[];
  /** Its own statistics, by the real allocator's names, in the order of their numbers. */
  statistics?: readonly string[];
  /** Its functions that a profile shows, by the real allocator's names, in the order of their numbers. */
  functions?: readonly string[];
  /** How sure it is, by version; absent for a model of nothing real. */
  sureness?: Sureness;
  /** Of a composition: the layer, and the model below it. */
  layers?: { layer: LayerInfo; base: ModelInfo };
  /** Its module. */
  file: OwnFile;
}

/** A layer: an allocator that hands to a model below what it does not serve itself. */
export interface LayerInfo {
  name: string;
  summary: string;
  /** None has the name of an option of a model. */
  options: readonly OptionInfo[];
  freeLists: readonly string[];
  statistics: readonly string[];
  functions: readonly string[];
  /** What the program calls, by the real allocator's names, where these are not those of C. */
  calls: Readonly<Record<string, string>>;
  /** How sure it is, by the value of the option that says which release it is. */
  sureness: Sureness;
  /** The option that says so. */
  release: string;
}

/** Those options of the machine that a model takes. */
export const takenBy = (
  model: Pick<ModelInfo, "hasPlacement" | "hasHugePages">,
  options: readonly OptionInfo[],
) => options.filter(({ needs }) => !needs || model[needs]);

/** The name of the model below a layer, from a composition's; a model's own is its name. */
export const baseNameOf = (model: string): string => model.slice(model.indexOf("/") + 1);

/** A model's options, in the order of their numbers. */
export function optionsOf<Members extends object>(
  members: Members,
  options: Record<NameOf<Members>, Omit<OptionInfo, "name">>,
): readonly OptionInfo[] {
  return namesOf(members).map((name) => ({ name, ...options[name] }));
}
