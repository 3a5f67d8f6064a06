/** The page in Chromium, as it is built, from the server of the command line. */
import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { describe, expect, it, vi } from "vitest";
import { totalFaults } from "../../src/allocator/counters.js";
import { COMPARED, changesOf } from "../../src/experiments/cinnabar/compared.js";
import { cinnabarSheet } from "../../src/experiments/cinnabar/sheet.js";
import {
  type Counters,
  cinnabarWorkload,
  openSandbox,
  openWasmAllocator,
  profileSites,
  readTrace,
  runCallocLoop,
  runCinnabar,
  runIterContent,
} from "../../src/index.js";
import { CINNABAR_CHANGES } from "../../src/results/cinnabar.js";
import { parseChoice } from "../../src/web/state.js";
import { whyAbsent } from "../foreign/absent.js";
import { fixtureBytes, openFixture } from "../foreign/replays.js";
import { some } from "../thorough.js";
import {
  askLess,
  browser,
  counter,
  drop,
  executable,
  expectCounters,
  expectNoViolations,
  holdBack,
  LEFT,
  open,
  openWithClock,
  RIGHT,
  scrubTo,
  servePage,
  server,
  shown,
} from "./chromium-page.js";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 120_000 });

const MIB = 2 ** 20;
const GIT_LOG = new URL("../../bench/traces/git-log.txt.gz", import.meta.url);
const SITES = new URL("../trace/sites.txt", import.meta.url);
const PROCESSES = new URL("../trace/two-processes.log", import.meta.url);
const CC1 = new URL("../../bench/traces/cc1.txt.gz", import.meta.url);

servePage();

/** A window whose maps have room for the cells that tests name. */
const WIDE = { viewport: { width: 1600, height: 1000 } };

/** The part of a map that cells of one colour take, with gaps between them, where all that is mapped is of it. */
const A_LOT = 0.3;

/** A program that the hostile modules of the fixtures stumble over. */
const HOSTILE = `program=${encodeURIComponent(Array.from({ length: 12 }, (_, id) => `a ${id} ${id === 10 ? 320 : 64}\n`).join(""))}`;
/** Those of them that are ended for want of progress. */
const SILENT = new Set(["starter", "endless", "late"]);

async function hostileBytes(name: string): Promise<string | Uint8Array> {
  if (name === "text") return "not a module";
  if (name === "empty") return new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  return fixtureBytes(name);
}

const SMALL = "a 1 100\nc 2 1 4096\nw 1 0 100\nr 1 200000\nf 2\nf 1\n";

describe.skipIf(!executable)("the page", () => {
  it("tells the story of libmalloc without a click, in the library's figures", async () => {
    const page = await open();
    await shown(page, "19,999 of 20,000");
    const story = page.locator("#story");
    await story.getByText("cost grows with the size (linear)").waitFor();
    await expect(story.textContent()).resolves.toMatch(
      /libmalloc at 100 MiB: cost grows with the size \(linear\)\. The allocator zeroed 976\.5 GiB that already read as zero/,
    );
    await expect(story.textContent()).resolves.toContain(
      "glibc at 100 MiB: cost does not depend on the size",
    );
    await scrubTo(page, 20_000);
    await shown(page, "20,000 of 20,000");
    for (const [side, model] of ["libmalloc", "glibc"].entries()) {
      const { counters } = await runCallocLoop({ model, bytes: 100 * MIB, count: 10_000, written: 0 });
      await expectCounters(page, side as 0 | 1, counters);
    }
  });

  it("shows on the map what the legend counts, in its colours", async () => {
    const page = await open();
    await shown(page, "19,999 of 20,000");
    await expect(page.locator("#legend").textContent()).resolves.toContain("100 MiB, 25,600 pages");
    const share = () => colourShare(page, "left", [0xd5, 0x5e, 0x00]);
    expect(await share()).toBeGreaterThan(A_LOT);
    expect(await colourShare(page, "right", [0xd5, 0x5e, 0x00])).toBe(0);
    await page.getByRole("checkbox", { name: "needlessly zeroed" }).uncheck();
    await expect.poll(share).toBe(0);
    await expect.poll(() => page.url()).toContain("hide=needless");
    await page.getByRole("checkbox", { name: "Colour what differs" }).check();
    const accent = (side: "left" | "right") => colourShare(page, side, [0xb0, 0x17, 0x7a]);
    for (const side of ["left", "right"] as const)
      await expect.poll(() => accent(side)).toBeGreaterThan(A_LOT);
    await expect(page.locator("#legend tr").nth(1).textContent()).resolves.toMatch(
      /^resident left alone.*100 MiB, 25,599 pages100 MiB, 25,600 pages$/,
    );
    await expect.poll(() => page.locator(".map-text").first().textContent()).toContain("resident left alone");
    await page.getByRole("checkbox", { name: "resident left alone" }).uncheck();
    await expect.poll(() => accent("right")).toBe(0);
    await expect.poll(() => page.url()).toContain("colours=difference&hide=needless.left");
  });

  it("replays a real trace to the library's counters anywhere, steps back, and gives a link that reproduces it", async () => {
    const page = await open("#trace=cc1&touch=object&a=glibc&b=libmalloc&at=599089");
    await shown(page, "599,089 of 599,089");
    await scrubTo(page, 123_456);
    await shown(page, "123,456 of 599,089");
    await page.getByRole("button", { name: "Step back" }).click();
    await shown(page, "123,455 of 599,089");
    const countersAt = await countersOfCc1(123_455);
    await expectCounters(page, 0, countersAt);
    await expect.poll(() => page.url()).toContain("at=123455");
    const link = page.url();
    const other = await open(new URL(link).hash);
    await shown(other, "123,455 of 599,089");
    await expectCounters(other, 0, countersAt);
    expect(await other.locator("[aria-current=step]").first().textContent()).toBe(
      await page.locator("[aria-current=step]").first().textContent(),
    );
  });

  it("runs the bug report as the scenario does, with simulated time", async () => {
    const page = await open("#chunk=100MiB&way=malloc%2Bmemset&body=1MiB&a=libmalloc&b=glibc");
    await shown(page, "255 of 256");
    await page
      .getByText(/^libmalloc, CFFI before 1\.10: at most .*\/s at 100 MiB; .* already read as zero\.$/)
      .waitFor();
    await page.getByRole("button", { name: "End" }).click();
    await shown(page, "256 of 256");
    for (const [side, model] of (["libmalloc", "glibc"] as const).entries()) {
      const run = { model, way: "malloc+memset", chunk: 100 * MIB, body: MIB } as const;
      const { counters, library, simulated } = await runIterContent(run);
      await expectCounters(page, side as 0 | 1, counters);
      expect(await counter(page, "library.cleared", side as 0 | 1)).toBe(library.cleared);
      expect(await counter(page, "library.needless", side as 0 | 1)).toBe(library.needless);
      expect(await counter(page, "simulated.seconds", side as 0 | 1)).toBe(simulated.seconds);
    }
    const time = page.locator('td[data-counter="simulated.seconds"][data-column="0"]');
    await expect(time.textContent()).resolves.toMatch(/ s, simulated, by macos-2016$/);
    await page.getByText("Change the program and the allocators").click();
    await page.getByLabel("Buffers by").selectOption({ label: "malloc: the fix" });
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect.poll(() => page.url()).toContain("chunk=100MiB&way=malloc&body=1MiB");
    await shown(page, "191 of 192");
    await expect(counter(page, "bytes.inUse")).resolves.toBe(100 * MIB);
    await expect(
      page.locator('td[data-counter="zeroed.needless"][data-column="0"]').textContent(),
    ).resolves.toBe("0 bytes");
  });

  it("takes a trace that is dropped, and says what its link cannot hold", async () => {
    const page = await open();
    await shown(page, "19,999 of 20,000");
    await drop(page, "small.txt", SMALL);
    await shown(page, "4 of 6");
    const sandbox = await openSandbox("libmalloc");
    await sandbox.replay(await readTrace(SMALL));
    await page.getByRole("button", { name: "End" }).click();
    await shown(page, "6 of 6");
    await expectCounters(page, 0, sandbox.counters());
    await expect.poll(() => page.url()).toMatch(/file=small\.txt.*at=6/);
    const other = await open(new URL(page.url()).hash);
    await other
      .getByText("This link needs the file small.txt, which a link cannot hold: drop it here.")
      .waitFor();
    await drop(other, "small.txt", SMALL);
    await shown(other, "6 of 6");
  });

  it("offers the processes of a trace, and its link names the one that is read", async () => {
    const log = await readFile(PROCESSES);
    const page = await open("#a=lazy&b=glibc");
    await shown(page, "19,999 of 20,000");
    await drop(page, "make.log", log);
    const [first, second] = ["16193 (654 calls)", "16192 (126 calls)"];
    const alert = page.getByRole("alert");
    await alert.getByRole("button", { name: second }).waitFor();
    await expect(alert.getByRole("button").allTextContents()).resolves.toEqual([first, second, "Dismiss"]);
    await expectNoViolations(page);
    await alert.getByRole("button", { name: second }).click();
    await expect.poll(() => page.url()).toMatch(/file=make\.log&process=16192/);
    await page.getByRole("button", { name: "End" }).click();
    const sandbox = await openSandbox("lazy");
    const { operations } = await sandbox.replay(await readTrace(log, { process: 16192 }));
    await shown(page, `${operations} of ${operations}`);
    await expectCounters(page, 0, sandbox.counters());
    await page.getByText("Change the program and the allocators").click();
    await page.getByLabel("Process to read").fill("7");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await alert.getByRole("button", { name: first }).click();
    await expect.poll(() => page.url()).toMatch(/process=16193/);
    await expect(page.getByLabel("Process to read").inputValue()).resolves.toBe("16193");
  });

  it("names the line of a bad file, and goes on with the next", async () => {
    const page = await open();
    await shown(page, "19,999 of 20,000");
    await drop(page, "bad.txt", "a 1 100\nf 1\nf 1\n");
    await page.getByRole("alert").getByText("line 3: id 1 is not live").waitFor();
    await drop(page, "picture.png", "\u0089PNG\r\n");
    await page.getByRole("alert").getByText("the format of this trace is not recognised").waitFor();
    await drop(page, "small.txt", SMALL);
    await shown(page, "4 of 6");
    await expect(page.getByRole("alert").textContent()).resolves.toBe("");
  });

  it("says what is wrong with a link, an option, and a program that is stopped", async () => {
    const page = await open("#a=dlmalloc");
    await page.getByRole("alert").getByText('there is no allocator "dlmalloc"; there are naive').waitFor();
    await page.evaluate(() => {
      location.hash = "a=naive:pageSize=5";
    });
    await page.getByRole("alert").getByText("option pageSize takes 4096, 16384 or 65536; got 5").waitFor();
    await page.evaluate(() => {
      location.hash =
        "program=a 1 500000%0Aa 2 900000%0Aw 1 0 500000%0Aw 2 0 900000%0A&a=lazy:memory=1MiB&b=lazy";
    });
    await page
      .getByText(/^Stopped at operation 4: out of physical memory.*raise the option memory$/)
      .waitFor();
  });

  it("reads short names of a module in the JavaScript that is dropped after it", async ({ skip }) => {
    const name = "emscripten-minified";
    skip(whyAbsent(name) !== undefined, whyAbsent(name));
    const page = await open(`#${HOSTILE}&a=glibc&b=short.wasm`);
    await page.getByRole("alert").getByText("This link needs the file short.wasm").waitFor();
    await drop(page, "short.wasm", await fixtureBytes(name), RIGHT);
    await page
      .getByText(/Emscripten made all names short.*drop it here/)
      .first()
      .waitFor();
    const glue = await readFile(new URL(`../foreign/built/${name}.glue`, import.meta.url));
    await drop(page, "short.js", glue);
    await page.getByText(/^Called as c: .*its names are short/).waitFor();
  });

  it("runs a module that is dropped on a side, to the library's figures", async () => {
    const loaded: string[] = [];
    const page = await open("#trace=git-log&touch=object&a=glibc&b=libmalloc", {}, async (made) => {
      made.on("request", (request) => loaded.push(request.url()));
    });
    await page
      .locator("#position")
      .getByText(/of [1-9].* operations/)
      .waitFor();
    expect(loaded.filter((url) => /driver|meter|patterns/.test(url))).toEqual([]);
    await drop(page, "tlsf.wasm", await fixtureBytes("as-tlsf"), RIGHT);
    await page.getByRole("heading", { name: "tlsf.wasm" }).waitFor();
    await page.getByText(/^Called as c: malloc, free, realloc.*calloc is malloc, then fill/).waitFor();
    await expect.poll(() => page.url()).toContain("b=tlsf.wasm");
    const end = await page.locator("#scrub").getAttribute("max");
    await scrubTo(page, Number(end));
    await shown(page, `${Number(end).toLocaleString("en-US")} of ${Number(end).toLocaleString("en-US")}`);
    const allocator = await openFixture("as-tlsf", { meter: true });
    await allocator.replay(await readTrace(await readFile(GIT_LOG)), { touch: "object" });
    await expectCounters(page, 1, allocator.counters());
    await expect(page.locator("#story").textContent()).resolves.toMatch(/tlsf\.wasm: the allocator zeroed/);
    for (const path of ["faults.zeroFill", "simulated.seconds", "syscalls"]) {
      const cell = page.locator(`td[data-counter="${path}"][data-column="1"]`);
      await expect(cell.textContent()).resolves.toBe("-");
    }
    const where = page.getByText("Where the time goes");
    await expect(where.last().isVisible()).resolves.toBe(false);
    await where.first().click();
    await page
      .locator(".calls")
      .first()
      .getByText(/^program: .*100%/)
      .waitFor();
    // Its map is of the linear memory, from its start.
    const [map, text] = [
      page.getByLabel("Page map of the right side"),
      page.locator("[data-side=right] .map-text"),
    ];
    await map.focus();
    for (let presses = 0; presses < 12; presses++) await page.keyboard.press("Shift+ArrowUp");
    for (let presses = 0; presses < 12; presses++) await page.keyboard.press("Shift+ArrowLeft");
    await expect.poll(() => text.textContent()).toMatch(/^0x0 to .*Region 1 of 1, 0x0 to/);
    await page.getByText("Change the program and the allocators").click();
    await page.locator("#input-kind").selectOption("the bug report: a body read in large chunks");
    await expectNoViolations(page);
  });

  it("runs a built-in module chosen in the form, fewer times at first, and by its link alone", async () => {
    const page = await open("#size=110MiB&count=1000&a=lazy&b=glibc");
    await shown(page, "1,999 of 2,000");
    await holdBack(page, "costKind");
    await page.getByText("Change the program and the allocators").click();
    await page.locator("#allocator-1 select").first().selectOption("as-tlsf");
    await page
      .getByText(/^AssemblyScript's own: .* The module really runs/)
      .last()
      .waitFor();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await shown(page, "19 of 20");
    await page.getByRole("heading", { name: "as-tlsf" }).waitFor();
    await page.locator("#story").getByText("There are fewer rounds than before").waitFor();
    expect(await counter(page, "zeroed.allocator", 1)).toBeGreaterThanOrEqual(10 * 110 * MIB);
    await expect.poll(() => page.url()).toContain("a=lazy&b=as-tlsf");
    const other = await open("#program=c 1 10 1000%0Aw 1 0 5000%0A&a=lazy&b=as-tlsf");
    await shown(other, "2 of 2");
    const allocator = await openWasmAllocator("as-tlsf", { meter: true });
    await allocator.replay(await readTrace("c 1 10 1000\nw 1 0 5000\n"));
    await expectCounters(other, 1, allocator.counters());
  });

  it("runs a module chosen in the form, steps back, and says what its link cannot hold", async () => {
    const page = await open("#program=c 1 10 1000%0Aw 1 0 5000%0Af 1%0A&a=lazy&b=naive");
    await shown(page, "2 of 3");
    await page.getByText("Change the program and the allocators").click();
    const choices = page.getByLabel("Module, or drop one on the map");
    await expect(choices.first().isVisible()).resolves.toBe(false);
    await page.getByLabel("Model").first().selectOption("a .wasm file …");
    await expect(choices.first().isVisible()).resolves.toBe(true);
    await expect(choices.last().isVisible()).resolves.toBe(false);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page
      .getByRole("alert")
      .getByText("Choose a .wasm file, or drop one on the map of this side.")
      .waitFor();
    await page
      .getByLabel("Module, or drop one on the map")
      .first()
      .setInputFiles({
        name: "tlsf.wasm",
        mimeType: "application/wasm",
        buffer: Buffer.from(await fixtureBytes("as-tlsf")),
      });
    await page.getByRole("heading", { name: "tlsf.wasm" }).waitFor();
    await page.getByText("Change the program and the allocators").click();
    await page.getByText("(now tlsf.wasm)").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "End" }).click();
    await shown(page, "3 of 3");
    await page.getByRole("button", { name: "Step back" }).click();
    await shown(page, "2 of 3");
    const allocator = await openFixture("as-tlsf", { meter: true });
    await allocator.replay(await readTrace("c 1 10 1000\nw 1 0 5000\n"));
    await expectCounters(page, 0, allocator.counters());
    await expect.poll(() => page.url()).toContain("a=tlsf.wasm&b=naive&at=2");
    const other = await open(new URL(page.url()).hash);
    const words = "This link needs the file tlsf.wasm, which a link cannot hold: drop it on the left map.";
    await other.getByRole("alert").getByText(words).waitFor();
    await drop(other, "tlsf.wasm", await fixtureBytes("as-tlsf"));
    await shown(other, "2 of 3");
    await expectCounters(other, 0, allocator.counters());
    await drop(other, "another.wasm", await fixtureBytes("as-tlsf"));
    const alert = other.getByRole("alert");
    await alert.getByText("Drop another.wasm on a map to make it the allocator of that side.").waitFor();
    await alert.getByRole("button", { name: "Right side" }).click();
    await other.getByRole("heading", { name: "another.wasm" }).waitFor();
  });

  it("says what is wrong with a module, and ends one that does not", async () => {
    const page = await open("#program=a 1 100%0Aa 2 100%0A&a=lazy&b=naive");
    await shown(page, "2 of 2");
    const alert = page.getByRole("alert");
    await drop(page, "text.wasm", "not a module", LEFT);
    await alert.getByText(/magic|not a wasm|WebAssembly/i).waitFor();
    await drop(page, "empty.wasm", new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]), LEFT);
    await alert.getByText(/no memory|no allocator/).waitFor();
    await drop(page, "starting.wasm", await fixtureBytes("starting"), LEFT);
    await alert.getByText(/trapped: unreachable/).waitFor();
    await drop(page, "endless.wasm", await fixtureBytes("endless"), LEFT);
    await page.getByRole("button", { name: "Cancel" }).click();
    await alert.getByText("Cancelled.").waitFor();
    await drop(page, "outside.wasm", await fixtureBytes("trapping"), LEFT);
    await shown(page, "2 of 2");
    await expect(alert.textContent()).resolves.toBe("");
  });

  const wrong: [string, RegExp][] = [
    ["text", /^text\.wasm: .*(magic|not a wasm|WebAssembly)/i],
    ["empty", /^empty\.wasm: .*(no memory|no allocator)/],
    ["lying", /^lying\.wasm: .*malloc/],
    ["starting", /^starting\.wasm: while it was instantiated, the module trapped: unreachable/],
    ["starter", /^starter\.wasm: it made no progress for 30 seconds, and was stopped$/],
    ["endless", /^endless\.wasm: it made no progress for 30 seconds, and was stopped$/],
    ["late", /^late\.wasm: it made no progress for 30 seconds, and was stopped$/],
  ];
  it.each(some(wrong, 4))(
    "tells what is wrong with the module %s, and leaves all as it was",
    async (name, words) => {
      const page = await openWithClock(`#${HOSTILE}&a=lazy&b=glibc`);
      await shown(page, "12 of 12");
      const calls = await counter(page, "calls", 1);
      await drop(page, `${name}.wasm`, await hostileBytes(name), LEFT);
      if (SILENT.has(name)) {
        await page.getByRole("button", { name: "Cancel" }).waitFor();
        await page.clock.fastForward(20_000);
        await expect(page.getByRole("alert").textContent()).resolves.toBe("");
        await page.clock.fastForward(11_000);
      }
      await page.getByRole("alert").getByText(words).waitFor();
      // All is as it was, and plays on.
      await shown(page, "12 of 12");
      await page.getByRole("heading", { name: "lazy" }).waitFor();
      await page.getByRole("button", { name: "Step back" }).click();
      await shown(page, "11 of 12");
      await expect(counter(page, "calls", 0)).resolves.toBe(11);
      await page.getByRole("alert").getByText(words).waitFor();
      await expectNoViolations(page);
      // And the first is there for the next.
      await drop(page, "tlsf.wasm", await fixtureBytes("as-tlsf"), "[data-side=left]");
      await shown(page, "12 of 12");
      await expect(page.getByRole("alert").textContent()).resolves.toBe("");
      expect(await counter(page, "calls", 0)).toBe(calls);
    },
  );

  it("stops where a module traps, and gives one that grows no more than its limit", async () => {
    const page = await open(`#${HOSTILE}&a=lazy&b=glibc`);
    await shown(page, "12 of 12");
    await drop(page, "trapping.wasm", await fixtureBytes("trapping"), LEFT);
    await page.getByText(/^Stopped at operation 11: the module trapped: unreachable/).waitFor();
    await drop(page, "outside.wasm", await fixtureBytes("outside"), RIGHT);
    await page
      .getByText(/^Stopped at operation 11: it returned 0xfffffff0 .*, which is outside its memory/)
      .waitFor();
    await shown(page, "10 of 12");
    await drop(page, "growing.wasm", await fixtureBytes("growing"), LEFT);
    await page.getByRole("heading", { name: "growing.wasm" }).waitFor();
    await shown(page, "12 of 12");
    expect(await counter(page, "bytes.virtual", 0)).toBeLessThanOrEqual(2 * 2 ** 30);
    // Another one of the same name is told apart.
    await drop(page, "growing.wasm", await fixtureBytes("as-tlsf"), RIGHT);
    await page.getByRole("heading", { name: "growing-2.wasm" }).waitFor();
    await shown(page, "12 of 12");
    await page
      .locator("#story")
      .getByText(/^growing\.wasm: nothing was zeroed/)
      .waitFor();
    await page
      .locator("#story")
      .getByText(/^growing-2\.wasm: /)
      .waitFor();
    await expect(page.getByRole("alert").textContent()).resolves.toBe("");
  });

  it("ends a module that makes no progress while a page's history is looked for, and shows the other side", async () => {
    const page = await openWithClock(`#${HOSTILE}&a=lazy&b=glibc`);
    await shown(page, "12 of 12");
    await drop(page, "tlsf.wasm", await fixtureBytes("as-tlsf"), LEFT);
    await page.getByRole("heading", { name: "tlsf.wasm" }).waitFor();
    await shown(page, "12 of 12");
    await holdBack(page, "pageHistory");
    await page.locator("[data-side=left]").getByRole("button", { name: "Page history" }).click();
    await page.getByRole("button", { name: "Cancel" }).waitFor();
    await page.clock.fastForward(31_000);
    await page.getByRole("alert").getByText("tlsf.wasm: it made no progress for 30 seconds").waitFor();
    await page.getByRole("button", { name: "Step back" }).click();
    await shown(page, "11 of 12");
    await expect(page.locator(LEFT).isVisible()).resolves.toBe(false);
    await expect(counter(page, "calls", 1)).resolves.toBe(11);
    // A model may take its time.
    await page.locator("[data-side=right]").getByRole("button", { name: "Page history" }).click();
    await page.getByRole("button", { name: "Cancel" }).waitFor();
    await page.clock.fastForward(600_000);
    await expect(page.getByRole("button", { name: "Cancel" }).isVisible()).resolves.toBe(true);
    await expect(page.locator(RIGHT).isVisible()).resolves.toBe(true);
  });

  it("measures how the cost of a module grows with the size, and tells its figures without simulated time", async () => {
    const page = await open("#size=1MiB&count=10&a=lazy&b=as-tlsf.wasm");
    await page.getByRole("alert").getByText("This link needs the file as-tlsf.wasm").waitFor();
    const wasm = await fixtureBytes("as-tlsf");
    await drop(page, "as-tlsf.wasm", wasm, RIGHT);
    const words =
      /^as-tlsf\.wasm at 1 MiB: cost grows with the size \(linear\)\. The allocator zeroed 10 MiB, of which 10 MiB \(>99\.9%\) already read as zero; \d+ pages were touched by needless zeroing alone\.$/;
    await page.locator("#story").getByText(words).waitFor();
    const note =
      "For as-tlsf.wasm, bytes and pages of linear memory are counted in a real run. There are no system calls, and no simulated time.";
    await page.locator("#story").getByText(note).waitFor();
    const cliffs = await askLess(page, "cliffs", { to: MIB });
    await page.getByRole("button", { name: "Cost against size" }).click();
    const text =
      "Bytes zeroed per untouched calloc and free, of 1 KiB to 16 MiB: lazy is constant throughout; as-tlsf.wasm is linear throughout.";
    await page.getByRole("img", { name: text }).waitFor();
    const sizes = { from: 1024, to: 16 * MIB };
    expect(await cliffs()).toEqual([expect.objectContaining(sizes), expect.objectContaining(sizes)]);
    await page.getByRole("button", { name: "Who zeroed the memory" }).click();
    await page.getByRole("img", { name: "as-tlsf.wasm: kernel 1 MiB, allocator 10 MiB" }).waitFor();
    await page.evaluate(() => {
      location.hash = "size=257MiB&count=1&a=lazy&b=as-tlsf.wasm";
    });
    await page
      .getByText("For modules, the growth of cost with size is measured only up to 256 MiB.")
      .waitFor();
    await page
      .locator("#story")
      .getByText(/^as-tlsf\.wasm at 257 MiB: the allocator zeroed 257 MiB/)
      .waitFor();
  });

  it("runs a module that is dropped on a long loop fewer times, says so, and more when asked", async () => {
    const page = await open("#size=110MiB&count=1000&a=lazy&b=glibc");
    await shown(page, "1,999 of 2,000");
    await holdBack(page, "costKind");
    await drop(page, "as-tlsf.wasm", await fixtureBytes("as-tlsf"), RIGHT);
    await shown(page, "19 of 20");
    const advice =
      "There are fewer rounds than before, because a module really clears its blocks. Change the program to run more.";
    await page.locator("#story").getByText(advice).waitFor();
    await page.getByText("Change the program and the allocators").click();
    await page.locator("#count").fill("11");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await shown(page, "21 of 22");
    await expect(page.locator("#story").textContent()).resolves.not.toContain(advice);
  });

  it("runs the bug report on a module beside a model", async () => {
    const page = await open("#chunk=1MiB&way=malloc%2Bmemset&body=1MiB&a=libmalloc&b=as-tlsf.wasm");
    await drop(page, "as-tlsf.wasm", await fixtureBytes("as-tlsf"), RIGHT);
    const story = page.locator("#story");
    await story.getByText(/^libmalloc, CFFI before 1\.10: at most/).waitFor();
    await story
      .getByText(
        /^as-tlsf\.wasm, CFFI before 1\.10: 64 reads into buffers of 1 MiB cleared 64 MiB, of which at least 1,012 KiB already read as zero\.$/,
      )
      .waitFor();
    await page.getByRole("button", { name: "End" }).click();
    await shown(page, "256 of 256");
    expect(await counter(page, "library.cleared", 1)).toBe(64 * MIB);
  });

  it("cancels the way back on a module, and goes on when it is run again", async () => {
    const page = await open("#size=1KiB&count=200&a=tlsf.wasm&b=naive");
    await drop(page, "tlsf.wasm", await fixtureBytes("as-tlsf"), LEFT);
    await page.getByRole("heading", { name: "tlsf.wasm" }).waitFor();
    await shown(page, "399 of 400");
    const goOn = await holdBack(page, "seek");
    await page.getByRole("button", { name: "Step back" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("alert").getByText("Cancelled.").waitFor();
    await goOn();
    await page.getByRole("button", { name: "Run it again" }).click();
    await shown(page, "398 of 400");
  });

  it("plays, pauses, and is worked by keys", async () => {
    const page = await open("#size=1MiB&count=1000&at=10");
    await shown(page, "10 of 2,000");
    await page.locator("h1").click();
    for (const key of [".", ".", ".", ",", ","]) await page.keyboard.press(key);
    await shown(page, "11 of 2,000");
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await expect.poll(() => counter(page, "calls")).toBeGreaterThan(50);
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Play" }).waitFor();
    await page.locator("#scrub").focus();
    await page.keyboard.press("End");
    await shown(page, "2,000 of 2,000");
  });

  it("zooms and moves the map by keys, tells address, region and state, and links to it", async () => {
    const page = await open("#size=100MiB&count=10&a=naive&b=lazy", WIDE);
    await shown(page, "19 of 20");
    const [map, text] = [
      page.getByLabel("Page map of the left side"),
      page.locator("[data-side=left] .map-text"),
    ];
    await map.focus();
    for (let presses = 0; presses < 6; presses++) await page.keyboard.press("+");
    await page.keyboard.press("ArrowRight");
    const onePage = /^0x[0-9a-f]+ to 0x[0-9a-f]+: one page, 4 KiB\. The page is resident.* Region 1 of 1, /;
    await expect.poll(() => text.textContent()).toMatch(onePage);
    const moved = await text.textContent();
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => text.textContent()).not.toBe(moved);
    await expect.poll(() => page.url()).toMatch(/map-a=[0-9a-f]+\.4KiB.*&page-a=[0-9a-f]+/);
    await page.keyboard.press("Enter");
    await page.getByText(/^The page at 0x[0-9a-f]+ changed 19 times up to here, the last 8:$/).waitFor();
    for (let presses = 0; presses < 60; presses++) await page.keyboard.press("-");
    await text.getByText(/: 8 pages, 32 KiB\./).waitFor();
    await page.keyboard.press("Home");
    await expect.poll(() => page.url()).not.toContain("map-a");
  });

  it("zooms and moves the map by mouse, and tells what is under it", async () => {
    // Not a loop, whose sentences come late and move the map away from under the pointer.
    const page = await open("#program=c 1 1 104857600&a=naive&b=lazy", WIDE);
    await shown(page, "1 of 1");
    const [map, text] = [
      page.getByLabel("Page map of the left side"),
      page.locator("[data-side=left] .map-text"),
    ];
    const start = async () => Number.parseInt((await text.textContent()) ?? "", 16);
    const first = await start();
    await map.hover({ position: { x: 30, y: 30 } });
    await expect.poll(start).toBeGreaterThan(first);
    const hovered = await start();
    await map.hover({ position: { x: 60, y: 30 } });
    await expect.poll(start).toBeGreaterThan(hovered);
    const before = await text.textContent();
    await map.dblclick({ position: { x: 60, y: 30 } });
    await expect.poll(() => text.textContent()).not.toBe(before);
    await expect.poll(() => page.url()).toContain("map-a=");
    await page.mouse.wheel(0, 100);
    await page.mouse.wheel(0, 100);
    await expect.poll(() => text.textContent()).toContain(/: [^.]*\./.exec(before ?? "")?.[0]);
    await page.mouse.wheel(0, -400);
    await text.getByText(/: one page, 4 KiB\./).waitFor();
    const box = (await map.boundingBox()) as { x: number; y: number };
    const moved = await start();
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 100);
    await page.mouse.up();
    await page.mouse.move(box.x + 60, box.y + 31);
    await expect.poll(start).toBeLessThan(moved);
  });

  it("can be cancelled while it is busy, and run again", async () => {
    const page = await open("#size=1MiB&count=100000000&a=naive&b=lazy");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("alert").getByText("Cancelled.").waitFor();
    await expect(page.locator("#busy").isVisible()).resolves.toBe(false);
    await page.getByRole("button", { name: "Run it again" }).click();
    await page.getByRole("button", { name: "Cancel" }).waitFor();
    // The page answers still.
    await page.evaluate(() => {
      location.hash = "size=1MiB&count=5";
    });
    await shown(page, "9 of 10");
  });

  it("runs what was chosen last, whatever was running", async () => {
    const page = await open("#size=1MiB&count=100000000&a=naive&b=lazy");
    await page.getByRole("button", { name: "Cancel" }).waitFor();
    for (const count of [7, 6, 5]) {
      await page.evaluate((rounds) => {
        location.hash = `size=1MiB&count=${rounds}`;
      }, count);
    }
    await shown(page, "9 of 10");
    await expect(page.getByRole("alert").textContent()).resolves.toBe("");
  });

  it("keeps the view when only a chart is cancelled", async () => {
    const page = await open("#size=1MiB&count=5&a=glibc&b=libmalloc");
    await shown(page, "9 of 10");
    await holdBack(page, "cliffs");
    await page.getByRole("button", { name: "Cost against size" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("alert").getByText("Cancelled.", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Step back" }).click();
    await shown(page, "8 of 10");
  });

  it("draws the command line's charts", async () => {
    const page = await open("#size=1MiB&count=10&a=glibc&b=lazy");
    await shown(page, "19 of 20");
    for (const [name, says] of [
      ["Bytes over time", "In use, system and resident bytes over"],
      ["Who zeroed the memory", "glibc: kernel"],
      [
        "Cost against size",
        "glibc is linear up to 33,550,312 bytes and constant above; lazy is constant throughout",
      ],
    ]) {
      await page.getByRole("button", { name: name as string }).click();
      const picture = page.getByRole("img", { name: says as string });
      await picture.waitFor();
      expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(
        400,
      );
    }
    await page.getByRole("button", { name: "On other allocators" }).click();
    const figure = page.getByRole("figure");
    await figure.getByRole("img", { name: "Bytes over time on 6 allocators" }).waitFor();
    await figure
      .getByRole("img", { name: /^What is mapped when .* glibc: [\d.]+ [KM]iB resident; lazy: / })
      .waitFor();
    expect(await figure.getByRole("rowheader").allTextContents()).toEqual([
      "glibc",
      "lazy",
      "jemalloc",
      "mimalloc",
      "tcmalloc",
      "libmalloc",
    ]);
    const beside = figure.getByRole("link", { name: "jemalloc" });
    expect(await beside.getAttribute("href")).toContain("&a=glibc&b=jemalloc&");
    await expect.poll(() => figure.getByRole("link", { name: "glibc", exact: true }).count()).toBe(0);
  });

  it("draws the sites of a trace that names them, and loads dagre only then", async () => {
    const page = await open("#size=1MiB&count=5&a=glibc&b=lazy");
    await shown(page, "9 of 10");
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(request.url()));
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    expect(await button("Allocation sites").count()).toBe(0);
    await drop(page, "sites.txt", await readFile(SITES));
    await button("Allocation sites").click();
    const figure = page.getByRole("figure");
    const says = "Bytes live at the end, by site: 23.5 KiB in all, most of it in grow: 8.8 KiB.";
    await figure.getByRole("img", { name: says }).waitFor();
    const share = "grow ← parse file ← main holds 37.4% of the 23.5 KiB that are live at the end.";
    await figure.getByText(share).waitFor();
    expect(loaded.filter((url) => url.includes("dagre"))).toEqual([]);
    const svg = () =>
      figure
        .getByRole("img")
        .evaluate(async (image) => (await fetch((image as HTMLImageElement).src)).text());
    expect(await svg()).toContain("all: 23.5 KiB");
    await button("Allocation sites, as a graph").click();
    await expect.poll(svg).toContain("8.8 KiB (37.4%)");
    expect(loaded.filter((url) => url.includes("dagre"))).toHaveLength(1);
    await expect.poll(() => figure.getByRole("row").count()).toBe(9);
    const faultsOf = async (model: string) => {
      const trace = await readTrace(await readFile(SITES));
      const { sites } = await profileSites({ model, trace, touch: "none" });
      return sites.map(({ faults }) => totalFaults(faults));
    };
    const [glibc, lazy] = [await faultsOf("glibc"), await faultsOf("lazy")];
    const beyond = (one: number[], other: number[]) =>
      one.reduce((sum, faults, site) => sum + Math.max(0, faults - (other[site] as number)), 0);
    await figure.getByLabel("Of each site").selectOption("page faults");
    await figure.getByRole("img").nth(1).waitFor();
    await figure.locator("#chart-list-1").selectOption("what one side has more of");
    const texts = () =>
      figure.getByRole("img").evaluateAll((all) => all.map((one) => (one as HTMLImageElement).alt));
    await expect
      .poll(texts)
      .toEqual([
        expect.stringContaining(`Faults, by site: more than on lazy: ${beyond(glibc, lazy)} in all`),
        expect.stringContaining(`Faults, by site: more than on glibc: ${beyond(lazy, glibc)} in all`),
      ]);
    expect(await figure.locator("caption").allTextContents()).toEqual([
      expect.stringContaining("glibc: "),
      expect.stringContaining("lazy: "),
    ]);
    await expect.poll(() => page.url()).toContain("chart=allocation-sites-as-a-graph.faults.difference");
    await figure.getByLabel("Of each site").selectOption("simulated time");
    await expect
      .poll(texts)
      .toEqual([
        expect.stringContaining("Simulated time, by site (linux-vm): more than on lazy: "),
        expect.stringContaining("Simulated time, by site (linux-vm): more than on glibc: "),
      ]);
    await expectNoViolations(page);
  });

  it("runs git-cinnabar on all that it is compared on, and says in a table and sentences what came of it", async () => {
    const page = await open("#trace=cinnabar&touch=pages&a=pymalloc/glibc:python=3.9&b=jemalloc");
    const [less, parameters] = [{ objects: 12_000, manifests: 40 }, { ...cinnabarWorkload }];
    const asked = await askLess(page, "cinnabar", less);
    const workload = { ...cinnabarWorkload, ...less };
    await page.getByRole("button", { name: "What causes it, and what does not" }).click();
    const jobs = COMPARED.flatMap((label, i) => changesOf(i).map((without) => ({ label, without })));
    const runs = jobs.map(({ label, without }) => {
      const { allocator: model, options } = parseChoice(label);
      return runCinnabar({ model, options, workload, without, points: 2 });
    });
    const { heading, sentences } = cinnabarSheet({
      ...{ scenario: "cinnabar", parameters, results: await Promise.all(runs) },
    });
    const figure = page.getByRole("figure");
    await figure.getByRole("img", { name: heading }).waitFor();
    expect(await asked()).toEqual([cinnabarWorkload]);
    const said = (await figure.textContent()) ?? "";
    for (const sentence of sentences) expect(said).toContain(sentence);
    expect(sentences.join()).toMatch(
      /:trimThreshold=128KiB: resident .* in phase 2.*without warm-up, resident still/,
    );
    await expect.poll(() => figure.getByRole("row").count()).toBe(COMPARED.length + CINNABAR_CHANGES.length);
    await expectNoViolations(page);
  });

  it("finds settings that would help the program, and leads to each", async () => {
    const program = Array.from(
      { length: 6 },
      (_, i) => `a ${2 * i} 300000\na ${2 * i + 1} 40\nf ${2 * i}`,
    ).join("\n");
    const page = await open(`#program=${encodeURIComponent(program)}&touch=object&a=libmalloc&b=glibc&at=18`);
    await shown(page, "18 of 18");
    await page.getByRole("button", { name: "Settings that would help" }).click();
    const figure = page.getByRole("figure");
    await figure.getByRole("img", { name: /^tune a program for / }).waitFor();
    await figure.getByLabel("Settings for").selectOption("resident");
    await figure.getByRole("img", { name: /^tune a program for resident memory \(/ }).waitFor();
    await expect.poll(() => page.url()).toContain("chart=settings-that-would-help.resident");
    const rows = figure.getByRole("rowheader");
    await expect.poll(() => rows.count()).toBeGreaterThan(4);
    const link = figure.getByRole("link", { name: /^glibc:/ }).first();
    const href = (await link.getAttribute("href")) as string;
    const [, other] = /&a=glibc&b=([^&]*)/.exec(decodeURIComponent(href)) as unknown as [string, string];
    await expectNoViolations(page);
    await link.click();
    await page.getByRole("heading", { name: other, exact: true }).first().waitFor();
    await expect.poll(() => page.url()).toContain(href);
    await page.goBack();
    await expect.poll(() => page.url()).toContain("a=libmalloc");
  });

  it("runs experiments that need nothing of what is shown, and loads them only then", async () => {
    const page = await open("#size=1MiB&count=5&a=glibc&b=lazy");
    await shown(page, "9 of 10");
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(request.url()));
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    await button("Low memory left to LuaJIT").waitFor();
    const figure = page.getByRole("figure");
    for (const [name, heading, rows, sentence] of [
      [
        "Copies of data on sockets",
        "nanoseconds of an access to data in copies on 2 sockets",
        13,
        "Penny wise, pound",
      ],
      ["Ways to serve a file", "a file of 16 MiB", 4, "sendfile: nothing is copied to the program"],
    ] as const) {
      await button(name).click();
      const picture = figure.getByRole("img", { name: heading });
      await picture.waitFor();
      expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(
        400,
      );
      await expect.poll(() => figure.getByRole("row").count()).toBe(rows);
      await expect.poll(() => figure.textContent()).toContain(sentence);
    }
    expect(loaded.filter((url) => url.includes("own-experiments"))).toHaveLength(1);
    await expect.poll(() => page.url()).toContain("chart=ways-to-serve-a-file");
    await expectNoViolations(page);
  });

  it.each([
    { colorScheme: "light", viewport: { width: 1200, height: 900 } },
    { colorScheme: "dark", viewport: { width: 1200, height: 900 } },
    { colorScheme: "light", viewport: { width: 360, height: 740 } },
  ] as const)("has no fault that axe finds, %j", async (options) => {
    const page = await open("", options);
    await shown(page, "19,999 of 20,000");
    // By key: on a busy machine the page may still move under a click.
    await page.getByText("Change the program and the allocators").press("Enter");
    await page.getByText("Options").first().press("Enter");
    await page.getByRole("button", { name: "Who zeroed the memory" }).press("Enter");
    await page.getByRole("img", { name: "Who zeroed" }).waitFor();
    await expectNoViolations(page);
    // Nothing reaches out at the side of a narrow screen.
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
  });

  it("tells a browser without Workers that it cannot be used", async () => {
    const context = await browser.newContext();
    await context.addInitScript("delete globalThis.Worker");
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByRole("alert").getByText("This browser lacks Workers, which the page needs.").waitFor();
  });
});

/** Counters of glibc after so many operations of cc1's trace, touching all of each object. */
async function countersOfCc1(operations: number): Promise<Counters> {
  const sandbox = await openSandbox("glibc");
  let left = operations;
  for await (const { records, count } of await readTrace(await readFile(CC1))) {
    const some = Math.min(left, count);
    for (let at = 0; at < some; at += 1024) {
      const part = Math.min(1024, some - at);
      sandbox.repeat({ records: records.subarray(at * 24, (at + part) * 24), count: part }, 1, "object");
    }
    left -= some;
    if (left === 0) break;
  }
  return sandbox.counters();
}

/** Which part of a map's pixels has a colour. */
function colourShare(page: Page, side: "left" | "right", wanted: readonly number[]): Promise<number> {
  return page.evaluate(
    ([name, red, green, blue]) => {
      const canvas = document.querySelector(`[data-side=${name}] canvas`) as HTMLCanvasElement;
      const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
        0,
        0,
        canvas.width,
        canvas.height,
      );
      let found = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) found++;
      }
      return found / (data.length / 4);
    },
    [side, ...wanted] as const,
  );
}
