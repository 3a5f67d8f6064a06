/** The traces of each golden file. */
import {
  ARENAS,
  GOLDEN_LAYER_SEEDS,
  randomLayerTrace,
  realLayerTraces,
  shortLayerTraces,
} from "../oracle/layer-traces.js";
import type { NamedTrace } from "../oracle/traces.js";
import type { GOLDEN_FILES } from "./golden.js";

export async function goldenTraces(name: (typeof GOLDEN_FILES)[number]): Promise<NamedTrace[]> {
  if (name === "real") return (await Promise.all(ARENAS.map(realLayerTraces))).flat();
  return name === "short" ? shortLayerTraces() : GOLDEN_LAYER_SEEDS.map(randomLayerTrace);
}
