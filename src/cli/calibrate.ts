import { release } from "node:os";
import { parseCount } from "../base/flags.js";
import { formatShare } from "../base/numbers.js";
import {
  type Calibration,
  type CalibrationHost,
  type CalibrationSettings,
  calibrate,
  type Evidence,
} from "../costs/calibrate.js";
import { jsonReport } from "../report/json.js";
import { type Cell, type Sheet, worseIf } from "../report/sheet.js";
import { renderTable } from "../report/table.js";
import type { Environment } from "./environment.js";
import { cpuName, runtimeName } from "./host.js";
import { prepareStream } from "./outfile.js";
import { tableStyle } from "./terminal.js";

/** The flags of `zeropage calibrate`, as typed. */
export interface CalibrateFlags {
  name: string;
  rounds: string;
  save?: string;
  json?: boolean;
}

const BYTES = 64 * 2 ** 20;

/** Measures this host, prints its cost profile, and saves it if asked. Throws UsageError before any work. */
export async function calibrateCommand(flags: CalibrateFlags, environment: Environment): Promise<void> {
  const rounds = parseCount(flags.rounds, "--rounds");
  const file = flags.save === undefined ? undefined : prepareStream("--save", flags.save);
  const calibration = await environment.library.calibrate({ name: flags.name, rounds, bytes: BYTES });
  environment.stdout.write(
    flags.json
      ? jsonReport(calibration, environment.version)
      : renderTable(calibrationSheet(calibration), tableStyle(environment)),
  );
  if (!file) return;
  file.append(jsonReport(calibration, environment.version));
  file.finish();
  environment.stderr.write(`wrote ${file.path}\n`);
}

/** Measures with this process's clock and count of page faults. */
export function calibrateHere(settings: CalibrationSettings): Calibration {
  const here: CalibrationHost = {
    description: `${process.platform} ${release()}, ${cpuName()}, ${runtimeName()}`,
    now: () => performance.now(),
    faults: () => process.resourceUsage().minorPageFault,
  };
  return calibrate(here, settings);
}

/** A calibration as a table. */
export function calibrationSheet({ name, source, evidence }: Calibration): Sheet {
  return {
    heading: `cost profile ${name}: ${source}`,
    columns: [
      { header: ["figure"], align: "left" },
      { header: ["ns"], align: "right" },
      { header: ["how sure"], align: "left" },
    ],
    rows: evidence.map(evidenceRow),
    sentences: [],
  };
}

function evidenceRow(evidence: Evidence): Cell[] {
  const { figure, ns } = evidence;
  const sure =
    evidence.how === "measured"
      ? `measured, quartiles ${formatShare(evidence.spread, 1)} apart over ${evidence.rounds} rounds`
      : `assumed: ${evidence.why}`;
  return [
    { text: figure, tone: "plain" },
    { text: String(Number(ns.toPrecision(3))), tone: "plain" },
    { text: sure, tone: worseIf(evidence.how === "assumed") },
  ];
}
