/** Opens sandboxes. */
import type { Options } from "../allocator/choice.js";
import { OptionError } from "../base/errors.js";
import { type OwnFile, ownModule } from "../base/own-file.js";
import { clockNote } from "./clock-note.js";
import type { ModelExports } from "./exports.js";
import { Instance } from "./instance.js";
import type { OptionInfo } from "./machine.js";
import type { ModelInfo } from "./model-info.js";
import type { MachineOptions, ModelName, ModelOptions } from "./model-options.js";
import { findModel, machineSettings, modelSettings, ownOptions } from "./options.js";
import { Sandbox } from "./sandbox.js";
import { notesOn } from "./sureness.js";

/** How a sandbox is opened. */
export interface OpenOptions {
  /** Runs the check build, which is slower: it poisons freed memory and checks every access of the model. */
  check?: boolean;
  /** A module to use instead of fetching the model's own, such as one compiled before. */
  module?: WebAssembly.Module | BufferSource;
}

/** Settings of a model by name, its own and the machine's, beside how to open it. */
export type SandboxOptions<Name extends ModelName> = OpenOptions & MachineOptions & ModelOptions[Name];

/** Settings by whatever name, beside how to open a model. */
export type AnyOptions = OpenOptions & { [setting: string]: string | number | unknown };

/**
 * Opens a sandbox: an allocator on a machine of its own. A name or value that there is not does not compile.
 * @throws as openModel does.
 */
export async function openSandbox<Name extends ModelName>(
  model: Name,
  options?: SandboxOptions<Name>,
): Promise<Sandbox> {
  return openModel(model, options as AnyOptions);
}

/**
 * Opens a sandbox of a model whose name, or whose options, are known only when the program runs: what a person typed.
 * @throws OptionError for an unknown model, option or value; SandboxError when the module cannot be had.
 */
export async function openModel(model: string, options: AnyOptions = {}): Promise<Sandbox> {
  const { check, module, ...rest } = options;
  const info = findModel(model);
  const settings = ownOptions(info, rest as Options);
  const machine = machineSettings(info, settings);
  const instance = await Instance.open<ModelExports>(
    module ?? (await ownModule(check ? await checkBuildOf(info) : info.file)),
    machine,
    info.messages,
    (exports) => {
      exports.advanceClock(machine.clock);
      for (const [place, value] of modelSettings(info, settings)) {
        if (!exports.configure(place, value)) {
          const { name, summary } = info.options[place] as OptionInfo;
          throw new OptionError(`${model} refuses option ${name} ${settings[name]}: ${summary}`);
        }
      }
    },
  );
  const notes = [...notesOn(info, settings), ...(info.notes ?? []), ...clockNote(info, machine.clock)];
  return new Sandbox(model, settings, instance, notes);
}

async function checkBuildOf({ name }: ModelInfo): Promise<OwnFile> {
  // Imported only now: a page that does without leaves them where they lie.
  const { checkBuilds } = await import("./check-builds.js");
  return checkBuilds[name as ModelName];
}
