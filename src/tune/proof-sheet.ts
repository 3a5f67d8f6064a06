/** What people read of runs for real: predicted and measured figures side by side. */
import { formatCount } from "../base/bytes.js";
import { formatCell } from "../base/numbers.js";
import { allocatorLabel } from "../report/label.js";
import type { Cell, Column, Sheet } from "../report/sheet.js";
import type { TuneProof, TuneRealFigures, TuneRealRun, TuneReport, TuneResult } from "../results/tune.js";
import { percent } from "./words.js";

type Figure = keyof TuneRealFigures;

const FIGURES: readonly { figure: Figure; name: string; text: (value: number) => string }[] = [
  { figure: "faults", name: "faults", text: formatCount },
  { figure: "averageResident", name: "average resident", text: (bytes) => formatCell(Math.round(bytes)) },
  { figure: "peakResident", name: "peak resident", text: formatCell },
  { figure: "lastResident", name: "resident at the end", text: formatCell },
];

const plain = (text: string): Cell => ({ text, tone: "plain" });

/** A table of what was run; nothing where no proof was asked for. */
export function proofSheets({ proof, results }: TuneReport): Sheet[] {
  if (!proof) return [];
  const column = (header: string, align: Column["align"]): Column => ({ header: [header], align });
  return [
    {
      heading: "run for real, beside what was predicted",
      columns: [
        column("allocator and settings", "left"),
        column("trace", "left"),
        column("figure", "left"),
        ...["predicted", "real", "difference"].map((header) => column(header, "right")),
      ],
      rows: proof.runs.flatMap((run) => rowsOf(run, results[run.result] as TuneResult)),
      sentences: [...agreement(proof), ...time(proof, results), ...proof.notes.map((note) => `${note}.`)],
    },
  ];
}

function rowsOf({ trace, predicted, measured }: TuneRealRun, result: TuneResult): Cell[][] {
  return FIGURES.map(({ figure, name, text }, i) => {
    const part = difference(predicted[figure], measured[figure]);
    return [
      ...[i === 0 ? allocatorLabel(result) : "", i === 0 ? trace : "", name].map(plain),
      ...[text(predicted[figure]), text(measured[figure])].map(plain),
      part === 0 ? { text: "none", tone: "good" } : plain(percent(part)),
    ];
  });
}

/** As a part of what was measured, 0 or more. */
function difference(predicted: number, measured: number): number {
  if (predicted === measured) return 0;
  return Math.abs(predicted - measured) / Math.max(1, measured);
}

function agreement({ runs }: TuneProof): string[] {
  if (runs.length === 0) return [];
  const most = (figures: readonly Figure[]) =>
    Math.max(
      ...runs.flatMap(({ predicted, measured }) =>
        figures.map((figure) => difference(predicted[figure], measured[figure])),
      ),
    );
  const [faults, resident] = [most(["faults"]), most(["averageResident", "peakResident", "lastResident"])];
  if (faults === 0 && resident === 0) return ["Faults and resident memory are what was predicted."];
  return [
    `Faults differ from what was predicted by ${percent(faults)} at most, resident memory by ${percent(resident)}.`,
  ];
}

function time({ time }: TuneProof, results: readonly TuneResult[]): string[] {
  if (!time) return [];
  const { value, low, high } = time.measured;
  const interval = low === null || high === null ? "" : ` (${percent(low)} to ${percent(high)})`;
  return [
    `Of the CPU time of ${allocatorLabel(results[0] as TuneResult)} the recommendation takes ${percent(value)}${interval}; of simulated time, in which nothing is computed, ${percent(time.predicted)}.`,
  ];
}
