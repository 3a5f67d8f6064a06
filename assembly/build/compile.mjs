/** Compiles one module, and returns what it was made from. */
import binaryen from "assemblyscript/binaryen";
import { optimizeAgain, runCompiler } from "./asc.mjs";
import { writeOwnGlobals } from "./own.mjs";
import { compileLibrary } from "./static-library.mjs";

/**
 * Compiles a module from the sources below `root`. Writes nothing.
 * @param {string} root
 * @param {import("./modules.mjs").Module} module
 * @returns {Promise<import("./asc.mjs").Compiled>}
 */
export async function compile(root, module) {
  if (module.target === "library") return compileLibrary(root, module);
  /** @param {binaryen.Module} compiled */
  const expose = (compiled) => exportGlobals(compiled, module.globalPrefix);
  // A debug build is not optimized, and a change afterwards would not fit its source map.
  if (module.target.endsWith("debug")) {
    return runCompiler(root, module, {
      before: (compiled) => {
        writeOwnGlobals(compiled);
        expose(compiled);
      },
    });
  }
  return runCompiler(root, module, {
    before: writeOwnGlobals,
    after: (compiled) => {
      if (!module.target.endsWith("check")) optimizeAgain(compiled);
      expose(compiled);
    },
  });
}

/**
 * Exports every mutable global, so that a checkpoint can hold them. Without a prefix, none.
 * @param {binaryen.Module} module
 * @param {string | null} prefix
 */
function exportGlobals(module, prefix) {
  if (prefix === null) return;
  for (let index = 0; index < module.getNumGlobals(); index++) {
    const { name, mutable } = binaryen.getGlobalInfo(module.getGlobalByIndex(index));
    if (mutable) module.addGlobalExport(name, `${prefix}${index}`);
  }
}
