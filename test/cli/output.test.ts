import { describe, expect, test } from "vitest";
import { chooseForm, type Printable, printReport } from "../../src/cli/output.js";
import { lineWidth, wantsColour, writeLines } from "../../src/cli/terminal.js";
import { callocLoopSheet } from "../../src/experiments/calloc-loop/sheet.js";
import { runsRows } from "../../src/experiments/runs/csv.js";
import { benfield } from "../results/fakes.js";
import { captured } from "./fakes.js";

const report: Printable = {
  record: benfield,
  sheet: () => callocLoopSheet(benfield),
  rows: () => runsRows(benfield),
};

test("the form is a table unless a flag says otherwise", () => {
  expect(chooseForm({})).toBe("table");
  expect(chooseForm({ json: true })).toBe("json");
  expect(chooseForm({ csv: true })).toBe("csv");
  expect(chooseForm({ markdown: true })).toBe("markdown");
});

describe("colour", () => {
  test.each([
    [{}, false, false],
    [{}, true, true],
    [{ TERM: "dumb" }, true, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "" }, false, false],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ FORCE_COLOR: "false" }, true, false],
    [{ FORCE_COLOR: "1", TERM: "dumb" }, false, true],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  ])("with %j, on a terminal: %s, is %s", (env, isTTY, colour) => {
    expect(wantsColour(env, isTTY)).toBe(colour);
  });

  test("is never in a form for programs", () => {
    for (const form of ["json", "csv", "markdown"] as const) {
      const stdout = captured({ isTTY: true });
      printReport(report, form, { stdout, env: {}, version: "1.2.3" });
      expect(stdout.text).not.toContain("\u001b");
    }
    const stdout = captured({ isTTY: true });
    printReport(report, "table", { stdout, env: {}, version: "1.2.3" });
    expect(stdout.text).toContain("\u001b[31m");
  });
});

test("lines are as wide as a terminal, at least 20 characters, and whole for a pipe", () => {
  expect(lineWidth({ write: () => {}, isTTY: true, columns: 72 })).toBe(72);
  expect(lineWidth({ write: () => {}, isTTY: true, columns: 3 })).toBe(20);
  expect(lineWidth({ write: () => {}, isTTY: true })).toBeUndefined();
  expect(lineWidth({ write: () => {}, columns: 72 })).toBeUndefined();
});

test("prose is broken between words, and further in than it begins", () => {
  const terminal = captured({ isTTY: true, columns: 30 });
  writeLines(
    terminal,
    "note: libmalloc is read from public sources\n    never run, at no time and nowhere\n",
  );
  expect(terminal.text).toBe(
    "note: libmalloc is read from\n  public sources\n    never run, at no time\n      and nowhere\n",
  );
  const pipe = captured();
  writeLines(pipe, "note: libmalloc is read from public sources\n");
  expect(pipe.text).toBe("note: libmalloc is read from public sources\n");
});
