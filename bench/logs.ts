import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readTrace } from "../src/index.js";

const LINES = 200_000;
const ROUNDS = 7;
const LOGS = [
  ...[
    "git-version.log",
    "logs/journal.txt",
    "logs/android-times.log",
    "logs/logalloc-munged.log",
    "logs/calls-mtrace.log",
  ],
  ...[
    "logs/kdump.log",
    "logs/riot.log",
    "logs/calls-uftrace.log",
    "logs/calls-ltrace.log",
    "logs/calls-ltrace-f-tt-i.log",
  ],
  ...["logs/calls-babeltrace2.log", "logs/heaptrack.log", "logs/heaptrack-raw.log", "logs/calls-perf.log"],
];

/** What reading a line of each format takes: processor time, of a short log over and over, the least of some rounds. */
export async function benchLogs(): Promise<void> {
  for (const name of LOGS) {
    const text = readFileSync(fileURLToPath(new URL(`../test/trace/${name}`, import.meta.url)));
    const lines = text.toString().split("\n").length - 1;
    const times = Math.ceil(LINES / lines);
    const bytes = new Uint8Array(Buffer.concat(Array.from({ length: times }, () => text)));
    let least = Number.POSITIVE_INFINITY;
    let format = "";
    for (let round = 0; round < ROUNDS; round++) {
      const before = process.cpuUsage();
      const trace = await readTrace(bytes);
      for await (const _ of trace);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, ((user + system) * 1000) / (lines * times));
      format = trace.notes.format;
    }
    console.log(`${format}, ${name}: ${Math.round(least)} ns a line`);
  }
}
