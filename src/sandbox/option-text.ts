/** Reads the values of options as they are typed. */
import { parseBytes } from "../base/bytes.js";
import type { WrittenChoice } from "../base/settings.js";
import type { OptionInfo } from "./machine.js";
import { optionOf } from "./options.js";

/**
 * Reads a value for an option: a number or a size, one of the option's words, or any word. Undefined if the option
 * does not take the text.
 */
export function readOption(option: OptionInfo, text: string): string | number | undefined {
  if (text === "-1" && option.takesMinusOne) return -1;
  const isNumeric = option.unit === "bytes" || typeof option.default === "number";
  const value = isNumeric ? readNumber(text) : text;
  const allowed = option.values?.map((word) => (isNumeric ? readNumber(word) : word));
  return value === "" || (value !== undefined && allowed?.includes(value) === false) ? undefined : value;
}

/** A choice with the options by our names, where it has those of the real allocator. GLIBC_TUNABLES is several in one. */
export function inOwnNames(choice: WrittenChoice, known: readonly OptionInfo[]): WrittenChoice {
  const settings = choice.settings.map((setting) => {
    const [, name = "", value = ""] = /^(?:GLIBC_TUNABLES=)?([^=]*)(.*)$/s.exec(setting) ?? [];
    return `${optionOf(known, name)?.name ?? name}${value}`;
  });
  return { ...choice, settings };
}

/** What an option takes, in words that fit after "it is". */
export function wantedOf({ values, unit }: Pick<OptionInfo, "values" | "unit">): string {
  if (values) return `one of ${values.join(", ")}`;
  return unit === "bytes" ? "a size, such as 64GiB" : "a number";
}

/** A plain number, or a size in bytes; undefined if the text is neither. */
function readNumber(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  try {
    return parseBytes(text);
  } catch {
    return undefined;
  }
}
