/** A benchmark record in the formats of other tools. */

import { plainJson } from "../report/json.js";
import type { BenchRecord, Timing } from "./record.js";

interface Point {
  name: string;
  unit: string;
  value: number;
  range?: string;
  extra?: string;
}

/** The list that github-action-benchmark takes as `customSmallerIsBetter`. */
export function githubReport({ results, hosts }: BenchRecord): string {
  const extra = hosts.map(({ description }) => description).join("; ");
  const points = results.flatMap(({ subject, trace, outcome }): Point[] => {
    if (outcome.state !== "done") return [];
    const name = `${subject} on ${trace}`;
    const time = (what: string, { median, spread }: Timing): Point => ({
      ...{ name: `${name}, ${what}`, unit: "ns/op", value: median },
      ...{ range: `± ${(100 * spread).toFixed(1)}%`, extra },
    });
    const { first, steady, counts } = outcome;
    const { memory, metered } = counts;
    return [
      time("steady", steady),
      time("first pass", first),
      { name: `${name}, memory`, unit: "bytes", value: memory.peak },
      ...(metered ? [{ name: `${name}, zeroed`, unit: "bytes", value: metered.zeroed.bytes }] : []),
    ];
  });
  return plainJson(points);
}

/** Go's benchmark format, which benchstat reads: a line for each round's sample. */
export function benchstatReport({ results, traces, hosts, parameters, version }: BenchRecord): string {
  const lines = [
    `pkg: zeropage-${version}`,
    ...hosts.slice(0, 1).map(({ description }) => `cpu: ${description}`),
  ];
  for (const { subject, trace, outcome } of results) {
    if (outcome.state !== "done") continue;
    const operations = traces.find(({ name }) => name === trace)?.operations ?? 1;
    const name = (what: string) => `Benchmark/${[trace, subject, what].map(word).join("/")}`;
    const { first, steady, counts } = outcome;
    for (const ns of first.samples) lines.push(`${name("first")} ${operations} ${ns} ns/op`);
    for (const ns of steady.samples) {
      lines.push(
        `${name("steady")} ${operations * parameters.passes} ${ns} ns/op ${counts.memory.peak} peak-B`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A name without white space, and without the slash that separates names. */
const word = (text: string): string => text.replace(/[\s/]+/g, "_");
