/** Writes the functions that store and load the globals of a model (assembly/own.ts). */
import binaryen from "assemblyscript/binaryen";

/** Files whose mutable globals each process has its own of. */
const OWN = /^assembly\/(allocators|slots|verified)\b/;
const STORE = "assembly/own/storeGlobals";
const LOAD = "assembly/own/loadGlobals";
const WORD_BYTES = 8;

/**
 * Does nothing for a module without processes.
 * @param {binaryen.Module} module before it is optimized, when its globals have their names
 */
export function writeOwnGlobals(module) {
  const [store, load] = [STORE, LOAD].map((name) => module.getFunction(name));
  if (!store || !load) return;
  const at = module.local.get(0, binaryen.i32);
  /** @type {binaryen.ExpressionRef[]} */
  const stores = [];
  /** @type {binaryen.ExpressionRef[]} */
  const loads = [];
  for (const { name, type } of ownGlobals(module)) {
    const offset = WORD_BYTES * stores.length;
    const its = accessOf(module, type);
    stores.push(its.store(offset, 4, module.local.get(0, binaryen.i32), module.global.get(name, type), "0"));
    loads.push(module.global.set(name, its.load(offset, 4, module.local.get(0, binaryen.i32), "0")));
  }
  const end = module.i32.add(at, module.i32.const(WORD_BYTES * stores.length));
  setBody(module, STORE, [...stores, end], binaryen.i32);
  setBody(module, LOAD, loads, binaryen.none);
}

/**
 * @param {binaryen.Module} module
 * @param {binaryen.Type} type of numbers
 */
function accessOf(module, type) {
  if (type === binaryen.i64) return module.i64;
  if (type === binaryen.f32) return module.f32;
  return type === binaryen.f64 ? module.f64 : module.i32;
}

/** @param {binaryen.Module} module */
function ownGlobals(module) {
  const indices = Array.from({ length: module.getNumGlobals() }, (_, index) => index);
  const globals = indices.map((index) => binaryen.getGlobalInfo(module.getGlobalByIndex(index)));
  return globals.filter(({ name, mutable }) => mutable && OWN.test(name));
}

/**
 * @param {binaryen.Module} module
 * @param {string} name
 * @param {binaryen.ExpressionRef[]} expressions
 * @param {binaryen.Type} result
 */
function setBody(module, name, expressions, result) {
  module.removeFunction(name);
  module.addFunction(name, binaryen.i32, result, [], module.block(null, expressions, result));
}
