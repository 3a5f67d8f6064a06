/** A module twice: metered, and as it is but recorded by the reference. */
import { meterModule } from "../../src/meter/meter.js";
import { Meter, type MeterReading } from "../../src/meter/reading.js";
import { instantiate } from "./modules.js";
import { type Expected, Reference, referenceModule } from "./reference.js";

export interface Twins {
  metered: WebAssembly.Exports;
  recorded: WebAssembly.Exports;
  meter: Meter;
  readings(): { metered: MeterReading; recorded: Partial<Expected> };
  contents(): { metered: Uint8Array; recorded: Uint8Array };
}

/** With `clearing`, the meter looks at stores of zero in these functions. The reference does in all, or in none. */
export async function openTwins(
  wasm: Uint8Array,
  zeroStores: boolean,
  clearing?: readonly string[],
): Promise<Twins> {
  const module = await meterModule(wasm, clearing ? { zeroStores: true, clearing } : { zeroStores });
  const metered = instantiate(module.wasm).exports;
  const reference = new Reference(zeroStores);
  const recorded = instantiate(referenceModule(wasm), { reference: reference.imports }).exports;
  reference.memory = recorded.memory as WebAssembly.Memory;
  const memory = metered.memory as WebAssembly.Memory;
  const meter = new Meter(module, memory);
  const unseen = clearing ? { bytes: 0, needless: 0 } : null;
  return {
    metered,
    recorded,
    meter,
    readings: () => {
      const { zeroedByStores, ...others } = reference.reading();
      return {
        metered: meter.reading(),
        recorded: { ...others, zeroedByStores: zeroStores ? zeroedByStores : unseen } as Partial<Expected>,
      };
    },
    contents: () => ({
      metered: new Uint8Array(memory.buffer, module.base),
      recorded: new Uint8Array(reference.memory.buffer),
    }),
  };
}

/** Compared as buffers: vitest's own equality takes seconds over a megabyte. */
export function sameBytes({ metered, recorded }: ReturnType<Twins["contents"]>): boolean {
  return Buffer.compare(metered, recorded) === 0;
}
