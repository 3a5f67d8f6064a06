/**
 * How a rewritten module gets its hooks, though the program that instantiates it knows nothing of them. An import is
 * looked up as `imports[module][name]`. So it is found under the module name `constructor`, which every plain object
 * inherits: there it is `Object`, and the hooks are properties of that, which nothing enumerates.
 */
import { ModuleError } from "../../base/errors.js";
import { HOOK_NAMES, type HookName, type HookPlace } from "./rewrite.js";

const MODULE = "constructor";

export type Hooks = Record<HookName, CallableFunction>;

/** A place for hooks that nobody has. */
export function reserveHooks(): HookPlace {
  let number = 1;
  while (Object.hasOwn(Object, nameIn(number, "enter"))) number++;
  const place = { module: MODULE, nameOf: (hook: HookName) => nameIn(number, hook) };
  for (const hook of HOOK_NAMES) define(place.nameOf(hook), () => undefined);
  return place;
}

function nameIn(number: number, hook: HookName): string {
  return `zeropage:${number}:${hook}`;
}

function define(name: string, get: () => unknown): void {
  Object.defineProperty(Object, name, { configurable: true, enumerable: false, get });
}

/** Puts hooks into a place, for one instance. `taken` is called when an instance has them. */
export function installHooks(place: HookPlace, hooks: Hooks): void {
  let isTaken = false;
  for (const hook of HOOK_NAMES) {
    define(place.nameOf(hook), () => {
      if (hook === HOOK_NAMES[0]) {
        if (isTaken) throw new ModuleError("a recording is of one instance: call recordModule for another");
        isTaken = true;
      }
      return hooks[hook];
    });
  }
}

export function removeHooks(place: HookPlace): void {
  for (const hook of HOOK_NAMES) Reflect.deleteProperty(Object, place.nameOf(hook));
}

/** The imports with the hooks among them, for an object that inherits nothing. */
export function withHooks(imports: WebAssembly.Imports): WebAssembly.Imports {
  return { ...imports, [MODULE]: Object as unknown as WebAssembly.ModuleImports };
}
