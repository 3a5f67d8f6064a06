/** Something that is written in one word, with settings: `name:option=value:option=value`. */
import { OptionError } from "./errors.js";

/** What is written, taken apart. */
export interface WrittenChoice {
  /** Such as a model's name, or the path of a module. */
  name: string;
  /** Each `option=value`, not looked at yet. */
  settings: readonly string[];
}

/** Takes apart what has no colon in its name. */
export function splitName(text: string): WrittenChoice {
  const [name = "", ...settings] = text.split(":");
  return { name, settings };
}

/**
 * Reads the settings of a choice. `read` gives the value of each option; undefined where that is no option at all.
 * @param example what could be written after the name.
 * @throws OptionError for what is no `option=value`, or sets an option twice; what `read` throws.
 */
export function readSettings<Value>(
  { name, settings }: WrittenChoice,
  example: string,
  read: (option: string, value: string) => Value | undefined,
): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const setting of settings) {
    const [, option, text] = /^([^=]*)=(.*)$/s.exec(setting) ?? [];
    const value = option === undefined || text === undefined ? undefined : read(option, text);
    if (option === undefined || value === undefined) {
      throw new OptionError(`"${setting}" is not an option: write ${name}:${example}`);
    }
    if (Object.hasOwn(values, option)) {
      throw new OptionError(`"${[name, ...settings].join(":")}" sets ${option} twice`);
    }
    values[option] = value;
  }
  return values;
}
