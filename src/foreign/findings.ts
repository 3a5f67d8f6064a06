/** What is odd about a module, in sentences. */
import { printable } from "../base/printable.js";
import type { ModuleShape } from "../wasm/inspect.js";
import type { FoundFunctions } from "./conventions.js";
import { misfits } from "./find.js";
import type { HostImports } from "./imports.js";
import { fullName } from "./minified.js";

/** What its host gave it says which imports are not known, and which of these its start called. */
export function findingsOf(
  shape: ModuleShape,
  found: FoundFunctions,
  host: Pick<HostImports, "trapping" | "ignored" | "unstarted">,
): string[] {
  return [...oddities(shape, found), ...aliases(shape), ...startFindings(host), ...missing(host.trapping)];
}

/** What imports with short names were taken for. */
function aliases({ imports }: ModuleShape): string[] {
  const named = imports.flatMap((one) =>
    one.alias === undefined ? [] : [`${fullName(one)} for ${one.alias}`],
  );
  return named.length === 0 ? [] : [`its names are short, and it is taken to import ${listed(named)}`];
}

function startFindings({ ignored, unstarted }: Pick<HostImports, "ignored" | "unstarted">): string[] {
  if (ignored.size === 0) return [];
  const called = `its start called what is not known, which did nothing: ${listed([...ignored])}`;
  return [called, ...(unstarted ? [`its start ended early: ${printable(unstarted)}`] : [])];
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
  return [`it imports what is not known, and traps if it calls that: ${listed(trapping)}`];
}

/** Names that a sentence lists. */
const LISTED = 6;

function listed(names: readonly string[]): string {
  const more = names.length - LISTED;
  const rest = more > 0 ? ` and ${more.toLocaleString("en-US")} more` : "";
  return printable(names.slice(0, LISTED).join(", ")) + rest;
}
