/** Modules from text. */
import binaryen from "assemblyscript/binaryen";

/** What Node 20 knows, and Binaryen may use when it writes a module. */
const FEATURES =
  binaryen.Features.Atomics |
  binaryen.Features.BulkMemory |
  binaryen.Features.BulkMemoryOpt |
  binaryen.Features.MutableGlobals |
  binaryen.Features.NontrappingFPToInt |
  binaryen.Features.SignExt |
  binaryen.Features.SIMD128 |
  binaryen.Features.Multivalue;

/** Writes a module as it stands: where the compiler ran in this process, it left Binaryen to drop what does nothing, or to write names. */
function emit(module: binaryen.Module): Uint8Array<ArrayBuffer> {
  binaryen.setDebugInfo(false);
  binaryen.setGenerateStackIR(false);
  binaryen.setOptimizeStackIR(false);
  return module.emitBinary().slice() as Uint8Array<ArrayBuffer>;
}

/** `more` are features of Binaryen's that the text uses beside. */
export function assemble(text: string, more = 0): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  module.setFeatures(FEATURES | more);
  if (!module.validate()) throw new Error(`not a valid module:\n${text}`);
  const wasm = emit(module);
  module.dispose();
  return wasm;
}
