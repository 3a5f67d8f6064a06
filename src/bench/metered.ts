import { ModuleError } from "../errors.js";
import { BinaryWriter, Section, Sections } from "../foreign/binary.js";
import { inspectModule } from "../foreign/inspect.js";
import { type MeteredModule, meterModule } from "../foreign/meter.js";
import { openWasmAllocator, type WasmOptions } from "../foreign/open.js";
import { Meter } from "../foreign/reading.js";
import type { WasmAllocator } from "../foreign/wasm-allocator.js";
import type { MeteredCounts } from "./record.js";

const MEMORY = "zeropage memory";

/**
 * What a module does from when it is opened to the end of `run`; null where it cannot be metered. Throws what `run` throws.
 */
export async function countMetered(
  wasm: Uint8Array,
  options: WasmOptions,
  run: (allocator: WasmAllocator) => Promise<unknown>,
): Promise<MeteredCounts | null> {
  let metered: MeteredModule | undefined;
  const rewrite = async (bytes: Uint8Array) => {
    // One measure for all: many a memset clears with stores even where the module has memory.fill.
    metered = await meterModule(bytes, { zeroStores: true });
    return { wasm: exportMemory(metered.wasm), base: metered.base };
  };
  let allocator: WasmAllocator;
  try {
    allocator = await openWasmAllocator(wasm, { ...options, rewrite });
  } catch (error) {
    if (error instanceof ModuleError) return null;
    throw error;
  }
  await run(allocator);
  const memory = Object.values(allocator.instance.exports).find((one) => one instanceof WebAssembly.Memory);
  return countsOf(new Meter(metered as MeteredModule, memory as WebAssembly.Memory));
}

function countsOf(meter: Meter): MeteredCounts {
  const { touched, zeroed, zeroedByStores: stores } = meter.reading();
  return {
    touched,
    zeroed: {
      bytes: zeroed.bytes + (stores?.bytes ?? 0),
      needless: zeroed.needless + (stores?.needless ?? 0),
    },
  };
}

/** The module with its memory, which it may import, among its exports. */
function exportMemory(wasm: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (inspectModule(wasm).exports.some(({ kind }) => kind === "memory")) return wasm;
  const sections = new Sections(wasm);
  const old = sections.get(Section.Export);
  const count = old?.u32() ?? 0;
  const name = new TextEncoder().encode(MEMORY);
  const writer = new BinaryWriter().u32(count + 1);
  if (old) writer.append(old.bytes.subarray(old.offset, old.end));
  sections.set(Section.Export, writer.sized(name).byte(2).u32(0).bytes); // memory 0
  return sections.toBytes();
}
