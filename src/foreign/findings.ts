/** What is odd about a module, in sentences. */
import { printable } from "../base/printable.js";
import type { ModuleShape } from "../wasm/inspect.js";
import type { FoundFunctions } from "./conventions.js";
import { misfits } from "./find.js";

/** `trapping` are the imports that were linked to traps, as "module.name". */
export function findingsOf(shape: ModuleShape, found: FoundFunctions, trapping: readonly string[]): string[] {
  return [...oddities(shape, found), ...missing(trapping)];
}

function oddities(shape: ModuleShape, { convention, functions }: FoundFunctions): string[] {
  const has = (name: string) => shape.exports.some((one) => one.name === name);
  const used = Object.values(functions);
  const unused = shape.exports.filter(({ name }) => !used.includes(name));
  const findings = misfits(unused).map((misfit) => `${misfit}, and not used`);
  if (convention === "managed") {
    findings.push("free only unpins an object: its memory returns when the module's collector runs");
    if (!functions.pin) findings.push("there is no __pin: a collector would take objects that are in use");
  }
  if (has("_start") && !has("_initialize")) {
    findings.push(
      "it is a command with a _start, which was not run: link it as a reactor (-mexec-model=reactor)",
    );
  }
  return findings;
}

function missing(trapping: readonly string[]): string[] {
  if (trapping.length === 0) return [];
  return [`it imports what is not known, and traps if it calls that: ${printable(trapping.join(", "))}`];
}
