/** zeropage run sockets, and what people read of it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { socketsSheet } from "../../../src/experiments/sockets/sheet.js";
import { BASIS } from "../../../src/experiments/sockets/words.js";
import type { SocketsReport } from "../../../src/results/sockets.js";
import { run } from "../../cli/fakes.js";
import { parseSvg } from "../../report/svg-check.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const SOCKETS = ["run", "sockets"];

async function reportOf(...more: string[]): Promise<SocketsReport> {
  return JSON.parse((await run([...SOCKETS, "--json", ...more])).stdout);
}
const sentencesOf = async (...more: string[]) => socketsSheet(await reportOf(...more)).sentences.join("\n");

describe("run sockets", () => {
  test("is JSON and CSV too, and draws a line for each load", async () => {
    const file = join(folder, "out.svg");
    const report = await reportOf("--chart", file);
    expect(report).toMatchObject({
      scenario: "sockets",
      basis: BASIS,
      parameters: { sockets: 2, remote: 150 },
    });
    expect(report.results).toHaveLength(2 * 2 * 3);
    expect(report.balancing).toHaveLength(2 * 2 * 7);
    const { marks, texts } = parseSvg(await readFile(file, "utf8"));
    expect(marks.line).toBe(12);
    expect(texts).toContain("24 MiB");
    expect(texts.join(" ")).toContain("Nothing here was measured");
    const csv = await run([...SOCKETS, "--csv"]);
    expect(csv.stdout.split("\r\n")).toHaveLength(1 + 12 * 5 + 1);
  });

  test("says what one copy saves and costs, and where it does not", async () => {
    const told = await sentencesOf();
    expect(told).toContain(
      "Penny wise, pound foolish: one copy of 256 MiB, not one on each socket, saves 256 MiB of 512 MiB, and an access takes 108 ns instead of 81.3, 1.3 times as long (no limit of bandwidth) and 168 ns instead of 84, 2 times as long (12 ns a line).",
    );
    expect(told).toContain("24 MiB fit the cache, and one copy costs nothing: 20 ns either way.");
    expect(told).toContain("With 20% of accesses writing");
    expect(told).toContain("16 copies take 88.9 ns and 4 GiB");
    expect(told).toContain("Nothing here was measured on two sockets");
  });

  test("calls nothing foolish that costs nothing", async () => {
    expect(await sentencesOf("--data", "24MiB", "--written", "0%")).not.toContain("foolish");
    expect(await sentencesOf("--copies", "1,4")).not.toContain("foolish");
    expect(await sentencesOf("--remote", "90", "--line", "0", "--written", "0%")).not.toContain("foolish");
    expect(await sentencesOf("--sockets", "1", "--copies", "1,2")).toContain(
      "One socket has no memory but its own",
    );
  });

  test("says what each kernel does", async () => {
    const told = await sentencesOf();
    expect(told).toContain(
      "Linux before-4.16, a page of threads; Linux before-4.16, a page shared since a fork; Linux current, a page of threads: moved over 1,200 scans 0, 0, 599, 399, 299 and 119 times in turns of 0.5, 1, 2, 3, 4 and 10 scans",
    );
    expect(told).toContain("Linux current, a page shared since a fork: never moved over 1,200 scans.");
    expect(told).toContain("10,923 pages a second are moved to and fro. That takes 0.7% of the time");
    const current = await sentencesOf("--kernel", "current", "--burst", "coin");
    expect(current).not.toContain("before-4.16");
    expect(current).toContain("no page is moved");
  });

  test("marks the cheapest and the dearest number of copies", async () => {
    const { rows } = socketsSheet(await reportOf("--data", "256MiB,24MiB", "--written", "0%", "--line", "0"));
    const tones = rows.map((cells) => cells.slice(3).map(({ tone }) => tone));
    expect(tones).toEqual([
      ["bad", "good", "plain", "plain", "plain"],
      ["good", "good", "plain", "bad", "plain"],
    ]);
  });

  test.each([
    [["--sockets", "65"], "--sockets must be a whole number from 1 to 64; got 65"],
    [["--remote", "50"], "--remote must be from 90 to 1000000000; got 50"],
    [["--copies", "1,17"], "--copies: 17 are more than the 16 workers"],
    [["--line", "fast"], '--line: "fast" is not a number from 0 to'],
    [["--burst", "0"], '--burst: "0" is no time'],
    [["--kernel", "4.15"], '--kernel: "4.15" is not one of before-4.16, current'],
    [["--scans", "2000000"], '--scans: "2000000" is not a number from 0 to 1000000'],
    [["--line", "2000000000"], '--line: "2000000000" is not a number from 0 to'],
    [["--allocator", "glibc"], "unknown option '--allocator'"],
  ])("refuses %j as a mistake in use", async (flags, message) => {
    const { code, stderr, stdout } = await run([...SOCKETS, ...flags]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });
});
