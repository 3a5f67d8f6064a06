/** What a terminal can show: how wide it is, and whether in colour. */
import { type TableStyle, wrapLine } from "../report/table.js";
import type { Environment, Output } from "./environment.js";

/** How tables are set: coloured, and as wide as the terminal; a pipe gets all of them. */
export function tableStyle({ stdout, env }: Pick<Environment, "stdout" | "env">): TableStyle {
  const width = lineWidth(stdout);
  return { colour: wantsColour(env, stdout.isTTY), ...(width !== undefined && { width }) };
}

/** The narrowest terminal for which lines are broken. */
const NARROWEST = 20;

/** Characters of a line of a terminal; undefined for what is none. */
export function lineWidth({ isTTY, columns }: Output): number | undefined {
  return isTTY && columns ? Math.max(NARROWEST, columns) : undefined;
}

/** Writes lines of prose, broken between words where a terminal would break them anywhere. */
export function writeLines(output: Output, text: string): void {
  const width = lineWidth(output);
  const lines = text.split("\n").flatMap((line) => wrapLine(line, width));
  output.write(lines.join("\n"));
}

/** NO_COLOR (no-color.org) beats FORCE_COLOR, which beats whether this is a terminal; as in commander's help. */
export function wantsColour(env: Environment["env"], isTTY = false): boolean {
  if (env.NO_COLOR || env.FORCE_COLOR === "0" || env.FORCE_COLOR === "false") return false;
  return Boolean(env.FORCE_COLOR) || (isTTY && env.TERM !== "dumb");
}
