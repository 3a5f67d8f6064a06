/** Runs the compiler, and notes what it reads. Importing this file takes half a second. */
import { readFile } from "node:fs/promises";
import { basename, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import binaryen from "assemblyscript/binaryen";
import { hash } from "./hash.mjs";
import { inlineFunctions } from "./inline.mjs";

/** What every module depends on, besides the files that asc reads: how it is compiled. */
const TOOLS = [
  "asc.mjs",
  "compile.mjs",
  "inline.mjs",
  "own.mjs",
  "../../node_modules/assemblyscript/package.json",
].map((path) => fileURLToPath(new URL(path, import.meta.url)));

const ANY_SIZE = 0xffffffff;

/**
 * @typedef {object} Compiled
 * @property {Record<string, Uint8Array | string>} outputs
 *   Files by their names below build/: the module, and for a debug build its source map.
 * @property {Record<string, string | null>} inputs
 *   Hashes of all files read, by path below `root`; null for a file that was looked for and missing.
 */

/**
 * What is changed in a module before it is optimized, and when it is finished: what the optimizer may not touch, such
 * as an export, can only be added then.
 * @typedef {object} Changes
 * @property {(module: binaryen.Module) => void} [before]
 * @property {(module: binaryen.Module) => void} [after]
 */

/**
 * Compiles a module from the sources below `root`. Writes nothing.
 * @param {string} root
 * @param {import("./modules.mjs").Module} module
 * @param {Changes} changes
 * @returns {Promise<Compiled>}
 */
export async function runCompiler(root, { name, entries, target, model, flags }, { before, after }) {
  /** @type {Compiled} */
  const { outputs, inputs } = { outputs: {}, inputs: {} };
  /** @param {string} path */
  const read = async (path) => {
    const contents = await readFile(path).catch(() => null);
    inputs[relative(root, path)] = contents && hash(contents);
    return contents?.toString() ?? null;
  };
  await Promise.all(TOOLS.map(read));

  let features = 0;
  const hooks = {
    afterParse: inlineFunctions,
    /** @param {binaryen.Module} module */
    afterCompile: (module) => {
      features = module.getFeatures();
      before?.(module);
    },
  };
  const { error, stderr } = await asc.main(
    [...entries, "--target", target, ...flags, "--outFile", `build/${name}.wasm`],
    {
      // asc fills in the rest of a transform.
      transforms: [/** @type {import("assemblyscript/asc").Transform} */ (hooks)],
      readFile: async (path, base) => {
        return (model && namesModel(model, path)) || read(resolve(root, base, path));
      },
      writeFile: (path, contents) => {
        const isFinished = !after || typeof contents === "string";
        outputs[basename(path)] = isFinished ? contents : rewrite(contents, features, after);
      },
    },
  );
  if (error) throw new Error(`${name}: ${error.message}\n${stderr}`);
  return { outputs, inputs };
}

/**
 * The source of a file that names a model, of which there are two: one for the module's own, one for that below a layer.
 * @param {string} model
 * @param {string} path
 */
function namesModel(model, path) {
  const [name, below] = model.split("/");
  if (path === "assembly/model.ts") return `import "./own"; export { Model } from "./allocators/${name}";`;
  return below && path === "assembly/allocators/below.ts" && `export { Model as Base } from "./${below}";`;
}

/**
 * Optimizes as asc has set the optimizer, but inlines every function that is called at one place. asc's own pass leaves
 * the large ones, and does not shorten all that it has inlined.
 * @param {binaryen.Module} module
 */
export function optimizeAgain(module) {
  binaryen.setOneCallerInlineMaxSize(ANY_SIZE);
  module.optimize();
}

/**
 * Changes a finished module.
 * @param {Uint8Array} wasm
 * @param {number} features
 * @param {(module: binaryen.Module) => void} change
 */
function rewrite(wasm, features, change) {
  const module = binaryen.readBinary(wasm);
  module.setFeatures(features);
  change(module);
  const bytes = module.emitBinary();
  // Binaryen's memory is not garbage-collected.
  module.dispose();
  return bytes;
}
