/** A layer over a model, as a model. The numbers of options and so on are those of assembly/allocators/layer.ts. */
import { FIRST_OF_LAYER, Fn } from "#shared/counters";
import { Below } from "#shared/layer";
import { namesOf } from "../base/enums.js";
import type { LayerInfo, ModelInfo } from "./model-info.js";

/** Numbers of functions that a base can have. */
const MOST_FUNCTIONS = FIRST_OF_LAYER - Fn.FirstOfModel;

/** The layer over the base of that name, whose module is at the URL. */
export function over(layer: LayerInfo, bases: readonly ModelInfo[], name: string, url: () => URL): ModelInfo {
  const base = bases.find((model) => model.name === name) as ModelInfo;
  const { freeLists = [], functions = [], statistics = [] } = base;
  return {
    name: `${layer.name}/${base.name}`,
    summary: `${layer.summary}; over ${base.name}`,
    kernel: base.kernel,
    ...(base.notes && { notes: base.notes }),
    ...(base.watchesClock && { watchesClock: true }),
    ...(base.only && { only: base.only }),
    options: [...layer.options, ...base.options],
    messages: base.messages,
    freeLists: [...layer.freeLists, ...freeLists],
    statistics: [...layer.statistics, ...statistics],
    functions: [
      ...Array.from({ length: MOST_FUNCTIONS }, (_, number) => functions[number] ?? ""),
      ...namesOf(Below),
      ...layer.functions,
    ],
    layers: { layer, base },
    file: { name: `wasm/${layer.name}-over-${base.name}.wasm`, url },
  };
}
