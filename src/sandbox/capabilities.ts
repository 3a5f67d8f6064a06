/** What only some machines have, so that the modules of the others stay small. */
import { SandboxError } from "../base/errors.js";
import type { FileExports, HugeExports, PlacementExports } from "./exports.js";
import { hasFiles } from "./files.js";
import { hasHugePages } from "./huge-pages.js";
import { models } from "./models.js";
import { hasPlacement } from "./placement.js";

/** By the flag of the models that have it, what their modules export. */
export interface Capabilities {
  hasFiles: FileExports;
  hasHugePages: HugeExports;
  hasPlacement: PlacementExports;
}

export type Capability = keyof Capabilities;

const EXPORTED: { [Name in Capability]: (exports: object) => exports is Capabilities[Name] } = {
  hasFiles,
  hasHugePages,
  hasPlacement,
};

const LACKING: Record<Capability, string> = {
  hasFiles: "has no files",
  hasHugePages: "has no huge pages",
  hasPlacement: "maps nothing for the program",
};

/** Why a model cannot do what it takes, and which can; undefined if it has it. */
export function lackOf(name: Capability, model: string): string | undefined {
  const having = models.filter((one) => one[name]).map((one) => one.name);
  if (having.includes(model)) return undefined;
  return `the machine of ${model} ${LACKING[name]}, to be small: open ${having.join(", ")}`;
}

/** The exports that go with it. @throws SandboxError naming the models that have it, if this one has not. */
export function capable<Name extends Capability>(
  exports: object,
  name: Name,
  model: string,
): Capabilities[Name] {
  if (EXPORTED[name](exports)) return exports;
  throw new SandboxError(lackOf(name, model));
}
