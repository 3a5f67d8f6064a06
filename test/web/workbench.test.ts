/** The workbench in Chromium: ranges of operations, where both sides differ, call paths, and checks of modules. */
import { describe, expect, it, vi } from "vitest";
import { formatSeconds } from "../../src/base/numbers.js";
import { checklist } from "../../src/conformance/checklist.js";
import { macos2016 } from "../../src/costs/macos-2016.js";
import { checkModule } from "../../src/foreign.js";
import { formatBytes, openSandbox, profileTrace, readTrace, stacksOf, subtract } from "../../src/index.js";
import { stacksBeyond } from "../../src/profile/excess.js";
import { fixtureBytes } from "../foreign/replays.js";
import {
  counter,
  drop,
  executable,
  expectNoViolations,
  open,
  RIGHT,
  servePage,
  shown,
} from "./chromium-page.js";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 120_000 });

servePage();

const LINES = [
  ...["p begin", "c 1 1 900000", "f 1", "c 2 1 900000", "w 2 0 9000", "p the middle", "r 2 2000000"],
  ...["a 3 50", "f 2", "f 3"],
];
const PROGRAM = `program=${encodeURIComponent(`${LINES.join("\n")}\n`)}&a=libmalloc&b=glibc`;

async function countersAfter(model: "libmalloc" | "glibc", operations: number) {
  const sandbox = await openSandbox(model);
  await sandbox.replay(await readTrace(LINES.slice(0, operations).join("\n")));
  return sandbox.counters();
}

/** Simulated time on each call path of the whole program, at the prices of one machine. */
async function timesOf(model: string) {
  const trace = await readTrace(LINES.join("\n"));
  const { root } = await profileTrace({ model, trace, touch: "none" });
  return stacksOf(root, macos2016).map(({ frames, values }) => ({ frames, value: values[0] as number }));
}

describe.skipIf(!executable)("the workbench", () => {
  it("counts a range that is dragged over the picture of time, or taken by keys, and its link does", async () => {
    const page = await open(`#${PROGRAM}&at=4`, { viewport: { width: 1280, height: 900 } });
    await shown(page, "4 of 10");
    const picture = page.locator("#sparkline");
    const { x = 0, y = 0, width = 0, height = 0 } = (await picture.boundingBox()) ?? {};
    expect(height).toBeGreaterThanOrEqual(80);
    expect(height).toBeLessThanOrEqual(120);
    await page.mouse.move(x + width * 0.7, y + 20);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.5, y + 30, { steps: 3 });
    await page.mouse.move(x + width * 0.2, y + 30, { steps: 3 });
    await page.mouse.up();
    await page.getByRole("heading", { name: "Operations 3 to 7", exact: true }).waitFor();
    // What is shown stays where it was.
    await shown(page, "4 of 10");
    for (const [side, model] of (["libmalloc", "glibc"] as const).entries()) {
      const change = subtract(await countersAfter(model, 7), await countersAfter(model, 2));
      // All of them at once: some are the same before it is counted.
      const told = () =>
        Promise.all(
          ["zeroed.needless", "faults.zeroFill", "bytes.resident", "bytes.peakResident"].map((path) =>
            counter(page, path, side as 0 | 1),
          ),
        );
      const { zeroed, faults, bytes } = change;
      await expect.poll(told).toEqual([zeroed.needless, faults.zeroFill, bytes.resident, Number.NaN]);
    }
    await expectNoViolations(page);
    await expect.poll(() => page.url()).toContain("range=2-7");
    const figures = await page.locator("#figures").textContent();
    const other = await open(new URL(page.url()).hash);
    await shown(other, "4 of 10");
    await expect.poll(() => other.locator("#figures").textContent()).toBe(figures);
    await page.keyboard.press("]");
    await page.getByRole("heading", { name: "Operations 3 to 4", exact: true }).waitFor();
    await page.keyboard.press("[");
    await page.getByRole("heading", { name: "Operations 5 to 5", exact: true }).waitFor();
    await page.getByText("What is this?").click();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("#range").isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Up to here", exact: true }).waitFor();
    await expect.poll(async () => counter(page, "calls")).toBe((await countersAfter("libmalloc", 4)).calls);
    await expect.poll(() => page.url()).not.toContain("range");
    await page.getByRole("button", { name: "All", exact: true }).click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("counters-title");
    await expect.poll(() => page.locator("#counters").isVisible()).toBe(true);
  });

  it("tells what lies in the page that is chosen, on both maps, until it is closed", async () => {
    const page = await open(`#${PROGRAM}&at=9`, { viewport: { width: 1280, height: 900 } });
    await shown(page, "9 of 10");
    await page.getByLabel("Page objects").check();
    const told = (side: "left" | "right") => page.locator(`[data-side=${side}] .inside`);
    await told("right").waitFor();
    const sandbox = await openSandbox("glibc");
    await sandbox.replay(await readTrace(LINES.slice(0, 8).join("\n")));
    await page.getByRole("button", { name: "Step back" }).click();
    await shown(page, "8 of 10");
    const address = sandbox.slots()[1] as number;
    const usable = sandbox.usableSize(address);
    await expect
      .poll(async () => (await told("right").locator("li").allTextContents()).slice(-2))
      .toEqual([
        `8 p1 = malloc(50); 0x${address.toString(16)}: 50 bytes, ${usable} usable`,
        expect.stringMatching(/^0x[0-9a-f]+: [\d,]+ bytes free, top$/),
      ]);
    expect(await told("right").locator(".inside-key").textContent()).toMatch(
      new RegExp(
        `^[\\d,]+ bytes asked for${usable - 50} rounded up8 headers[\\d,]+ free \\(.*\\)[\\d,]+ the allocator's own$`,
      ),
    );
    await page.getByLabel("Page map of the right side").press("Home");
    await page.getByLabel("Page map of the right side").press("ArrowRight");
    await expect.poll(() => told("right").textContent()).not.toContain(address.toString(16));
    await expect.poll(() => page.url()).toContain("objects=yes");
    await told("left").getByRole("button", { name: "Close" }).click();
    await expect.poll(() => told("right").isVisible()).toBe(false);
    await expect.poll(() => page.url()).not.toContain("objects");
  });

  it("goes to the operations that the sides do differently", async () => {
    const page = await open(`#${PROGRAM}&at=1&objects=yes`, { viewport: { width: 1280, height: 900 } });
    await shown(page, "1 of 10");
    await page.getByText("Where the two sides differ").click();
    await page.getByRole("button", { name: "First", exact: true }).click();
    const needless = async (model: "libmalloc" | "glibc", at: number) =>
      (await countersAfter(model, at)).zeroed.needless - (await countersAfter(model, at - 1)).zeroed.needless;
    const told = page.locator("#differ-text");
    // glibc clears what it needs itself, once.
    const [left, right] = [await needless("libmalloc", 2), await needless("glibc", 2)];
    expect(left).not.toBe(right);
    await expect
      .poll(() => told.textContent())
      .toBe(
        `Operation 2, p0 = calloc(1, 900'000); needlessly zeroed: left ${formatBytes(left)}, right ${formatBytes(right)}.`,
      );
    await shown(page, "2 of 10");
    await page.getByRole("button", { name: "Next", exact: true }).click();
    await expect
      .poll(() => told.textContent())
      .toMatch(/^Operation 4, .*: left 880 KiB, right 131\.4 KiB\.$/);
    await shown(page, "4 of 10");
    await page.locator("#differ-in").selectOption("page faults");
    await expect.poll(() => told.textContent()).toBe("");
    await page.getByRole("button", { name: "Largest" }).click();
    await expect.poll(() => told.textContent()).toMatch(/page faults: left \d+, right \d+\.$/);
    await page.getByRole("button", { name: "End", exact: true }).click();
    await shown(page, "10 of 10");
    await page.getByRole("button", { name: "Next", exact: true }).click();
    await expect.poll(() => told.textContent()).toBe("There is none, of what both sides count.");
    await expectNoViolations(page);
  });

  it("draws call paths by any measure, of each side and of what one has more of, and its link does", async () => {
    const page = await open(`#${PROGRAM}`);
    await page.getByText(/of 10 operations/).waitFor();
    await page.getByRole("button", { name: "Call paths" }).click();
    const figure = page.locator("#chart");
    await figure.getByRole("img").nth(1).waitFor();
    const texts = () =>
      figure.getByRole("img").evaluateAll((all) => all.map((one) => (one as HTMLImageElement).alt));
    expect((await texts())[0]).toMatch(
      /^libmalloc: simulated time \(macos-2016\) by call path: .*s in all, most of it in \w+: /,
    );
    await figure.getByLabel("Boxes are as wide as their").selectOption("needlessly zeroed");
    const { zeroed } = await countersAfter("libmalloc", LINES.length);
    await expect
      .poll(async () => (await texts())[0])
      .toContain(`libmalloc: needlessly zeroed by call path: ${formatBytes(zeroed.needless)} in all`);
    await figure.getByLabel("Boxes are as wide as their").selectOption("live bytes at the peak");
    await expect
      .poll(async () => (await texts())[1])
      .toBe(
        `glibc: live bytes at the peak by call path: ${formatBytes(2_000_050)} in all, most of it in realloc: ${formatBytes(2_000_000)}.`,
      );
    await figure.locator("#chart-list-1").focus();
    // Before the first of the two is drawn.
    await figure.locator("select").evaluateAll((lists) => {
      const words = ["bytes rounded up at the peak", "what one side has more of"];
      for (const [i, list] of (lists as HTMLSelectElement[]).entries()) {
        list.selectedIndex = [...list.options].findIndex(({ text }) => text === words[i]);
        list.dispatchEvent(new Event("change"));
      }
    });
    await expect
      .poll(async () => (await texts())[0])
      .toContain("libmalloc: more bytes rounded up at the peak than glibc");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("chart-list-1");
    await expect.poll(() => page.url()).toMatch(/chart=call-paths\.\d\.difference/);
    await expectNoViolations(page);
    // No time is taken from that of another machine.
    await figure.getByLabel("Boxes are as wide as their").selectOption("simulated time");
    const excess = await Promise.all(
      [
        ["libmalloc", "glibc"],
        ["glibc", "libmalloc"],
      ].map(async ([one = "", other = ""]) => {
        const beyond = stacksBeyond(await timesOf(one), await timesOf(other));
        const all = formatSeconds(beyond.reduce((sum, { value }) => sum + value, 0) / 1e9);
        return `${one}: more simulated time (macos-2016) than ${other}, by call path: ${all} in all`;
      }),
    );
    await expect.poll(texts).toEqual(excess.map((text) => expect.stringContaining(text)));
    await expect.poll(() => page.url()).toContain("chart=call-paths.0.difference");
    const pictures = await texts();
    const other = await open(new URL(page.url()).hash);
    await expect
      .poll(() =>
        other.locator("#chart img").evaluateAll((all) => all.map((one) => (one as HTMLImageElement).alt)),
      )
      .toEqual(pictures);
  });

  it("checks a module that was dropped, and tells what the command line does", async () => {
    const page = await open("#program=a 1 100%0A&a=lazy&b=naive");
    await shown(page, "1 of 1");
    await expect
      .poll(() => page.getByText("Does it keep what the C library promises?").isVisible())
      .toBe(false);
    // It traps before long, so that its cases do.
    const wasm = await fixtureBytes("trapping");
    await drop(page, "mine.wasm", wasm, RIGHT);
    await page.getByRole("button", { name: "Check mine.wasm" }).click();
    const told = page.getByRole("region", { name: "What became of each case" });
    await told.waitFor();
    const report = await checkModule(wasm, { memoryBytes: 2 * 2 ** 30 });
    const withoutTimes = (text: string | null) => text?.replaceAll(/[\d.,]+ m?s\b/g, "");
    expect(withoutTimes(await told.textContent())).toContain(
      withoutTimes(checklist(report, { file: "mine.wasm" })),
    );
    await expectNoViolations(page);
    await drop(page, "lying.wasm", await fixtureBytes("lying"), RIGHT);
    await expect.poll(() => page.locator("#problem").textContent()).toContain("lying.wasm");
    // The one that is shown stays, and its check.
    await expect.poll(() => told.isVisible()).toBe(true);
  });

  it("gives a check up when it is asked to, and when another view comes, and checks again", async () => {
    const page = await open("#program=a 1 100%0A&a=lazy&b=late.wasm");
    // It keeps a case busy as long as one may be, so that the check is not done before it is cancelled.
    await drop(page, "late.wasm", await fixtureBytes("late"), RIGHT);
    await shown(page, "1 of 1");
    const workers = page.workers().length;
    const button = page.locator("#check-body button");
    const told = page.locator("#check-body p");
    await button.click();
    await expect.poll(() => told.textContent()).toMatch(/: [1-9]\d* of \d+ done$/);
    await page.getByRole("button", { name: "Cancel the check of late.wasm" }).click();
    await expect.poll(() => told.textContent()).toMatch(/^Cancelled after [1-9]\d* of \d+ cases\.$/);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Check late.wasm");
    await expectNoViolations(page);
    await button.click();
    await expect.poll(() => page.workers().length).toBe(workers + 1);
    await expect.poll(() => told.textContent()).toMatch(/: [1-9]\d* of \d+ done$/);
    await page.goto(new URL("#program=a 1 200%0A&a=lazy&b=late.wasm", page.url()).href);
    await expect.poll(() => told.textContent()).toMatch(/^As zeropage check does/);
    await expect.poll(() => page.workers().length).toBe(workers);
  });

  it("checks a module in a sandboxed frame, too", async () => {
    const page = await open("#size=1MiB&count=5");
    await page.evaluate(() => {
      const made = document.createElement("iframe");
      made.setAttribute("sandbox", "allow-scripts");
      made.src = `${location.origin}/#program=a 1 100%0A&a=lazy&b=as-stub`;
      made.style.cssText = "position: fixed; inset: 0; z-index: 9; width: 1200px; height: 700px";
      document.body.append(made);
    });
    const frame = page.frameLocator("iframe");
    await frame.getByRole("button", { name: "Check as-stub" }).click();
    await frame.getByText(/: [1-9]\d* of \d+ done$/).waitFor();
  });
});
