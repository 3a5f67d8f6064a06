/** `npm run bench [NAME…]`: every figure that bench/README.md quotes, as ratios within one run. */
import { cpus } from "node:os";
import { benchCalloc } from "./calloc.js";
import { benchDriver } from "./driver.js";
import { benchHeap } from "./heap.js";
import { benchLogs } from "./logs.js";
import { benchLoop } from "./loop.js";
import { benchMachine } from "./machine.js";
import { benchMarks } from "./marks.js";
import { benchMeter } from "./meter.js";
import { benchRecord } from "./record.js";
import { benchRecordWasm } from "./record-wasm.js";
import { benchReplay } from "./replay.js";
import { benchRuntime } from "./runtime.js";
import { benchStream } from "./stream.js";
import { benchWeb } from "./web.js";

const benches = {
  calloc: benchCalloc,
  driver: benchDriver,
  heap: benchHeap,
  logs: benchLogs,
  loop: benchLoop,
  machine: benchMachine,
  marks: benchMarks,
  meter: benchMeter,
  record: benchRecord,
  "record-wasm": benchRecordWasm,
  replay: benchReplay,
  runtime: benchRuntime,
  stream: benchStream,
  web: benchWeb,
};

console.log(`${cpus()[0]?.model ?? "unknown CPU"} × ${cpus().length}, Node ${process.version}`);
const wanted = process.argv.slice(2);
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length && !wanted.includes(name)) continue;
  console.log(`\n## ${name}`);
  await bench();
}
