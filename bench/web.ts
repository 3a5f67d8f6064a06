/** The page as built in dist/web, in Chromium: how soon it shows, how fast it scrubs, how smoothly it zooms. */
import { gzipSync } from "node:zlib";
import { type Browser, chromium, type Page, type Response } from "playwright";
import { median } from "../src/base/statistics.js";
import { serveFolder } from "../src/cli/web.js";
import { chromiumLaunchOptions, findChromium } from "../test/chromium.js";
import { Random } from "../test/random.js";

const ROUNDS = 9;
const PLACES = 40;
const SEED = 0x5eed;
const ZOOM_SECONDS = 3;
/** Operations of the trace that is dropped. */
const DROPPED = 5_000_000;
/** Two objects of 512 GiB, written here and there. */
const TEBIBYTE = [
  ...["a 1 549755813888", "a 2 549755813888"],
  ...Array.from({ length: 2000 }, (_, i) => `w ${1 + (i % 2)} ${i * 0x1000_5000} 40960`),
].join("\n");

export async function benchWeb(): Promise<void> {
  const executable = findChromium();
  if (!executable) return console.log("no Chromium found: nothing was measured");
  const server = await serveFolder(new URL("../dist/web/", import.meta.url), 0);
  const browser = await chromium.launch(chromiumLaunchOptions(executable));
  try {
    await benchFirstView(browser, server.url);
    await benchScrubbing(browser, `${server.url}#trace=cc1&touch=object&a=glibc&b=libmalloc`);
    await benchScrubbing(browser, `${server.url}#trace=cc1&touch=object&a=naive&b=naive`);
    await benchFollowing(browser, server.url);
    await benchDropping(browser, server.url);
    const program = new URLSearchParams({ program: TEBIBYTE, a: "lazy:memory=0", b: "lazy:memory=0" });
    await benchZooming(browser, `${server.url}#${program}`);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Opens the page with an empty cache, and waits until it shows a position. */
async function open(
  browser: Browser,
  url: string,
): Promise<{ page: Page; milliseconds: number; bytes: number }> {
  const page = await (await browser.newContext()).newPage();
  const sizes: Promise<number>[] = [];
  const sizeOf = (response: Response) => response.body().then((body) => gzipSync(body).length);
  // Later responses are not waited for, and may be cut off.
  page.on("response", (response) => sizes.push(sizeOf(response).catch(() => 0)));
  await page.goto(url, { waitUntil: "commit" });
  const shown = await page.waitForFunction(
    () => /operations/.test(document.querySelector("#position")?.textContent ?? "") && performance.now(),
  );
  const milliseconds = Number(await shown.jsonValue());
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  return { page, milliseconds, bytes };
}

async function benchFirstView(browser: Browser, url: string): Promise<void> {
  const times: number[] = [];
  let gzipped = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { page, milliseconds, bytes } = await open(browser, url);
    times.push(milliseconds);
    gzipped = bytes;
    await page.context().close();
  }
  console.log(
    `first view, nothing cached: ${median(times).toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} ms`,
  );
  console.log(`loaded for it, gzipped: ${(gzipped / 1000).toFixed(0)} kB`);
}

/** Measures the milliseconds from moving the slider until both sides are shown there. */
async function benchScrubbing(browser: Browser, url: string): Promise<void> {
  const { page, milliseconds } = await open(browser, url);
  const random = new Random(SEED);
  const length = Number(await page.getAttribute("#scrub", "max"));
  const times: number[] = [];
  for (let place = 0; place < PLACES; place++) times.push(await scrub(page, random.below(length)));
  const figures = `${median(times).toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} ms`;
  const sides = new URL(url).hash.replace(/.*?&a=/, "").replace("&b=", " and ");
  console.log(
    `scrubbing ${length} operations on ${sides}: ${figures}; opened in ${milliseconds.toFixed(0)} ms`,
  );
  await page.context().close();
}

/** Follows a link to cc1 on a page that is there already, some times. */
async function benchFollowing(browser: Browser, url: string): Promise<void> {
  const { page } = await open(browser, `${url}#size=1MiB&count=5&a=naive&b=lazy`);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const link = `trace=cc1&touch=object&a=glibc&b=libmalloc&at=${round}`;
    times.push(
      await page.evaluate(async (link) => {
        const start = performance.now();
        location.hash = link;
        const position = document.querySelector("#position") as HTMLElement;
        const wanted = `${new URLSearchParams(link).get("at")} of 599,089 operations`;
        while (position.textContent !== wanted) await new Promise(requestAnimationFrame);
        return performance.now() - start;
      }, link),
    );
    await page.evaluate(() => {
      location.hash = "size=1MiB&count=5&a=naive&b=lazy";
    });
    await page.waitForFunction(() => document.querySelector("#position")?.textContent?.startsWith("9 of"));
  }
  console.log(
    `cc1 on glibc and libmalloc, on a page that is there: ${median(times).toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} ms`,
  );
  await page.context().close();
}

/** Drops a long trace, and scrubs in it. Objects come and go in turn, of many sizes. */
async function benchDropping(browser: Browser, url: string): Promise<void> {
  const { page } = await open(browser, `${url}#size=1MiB&count=5&a=glibc&b=libmalloc`);
  const milliseconds = await page.evaluate(async (operations) => {
    const lines: string[] = [];
    const live = 20_000;
    for (let i = 0; i < operations / 2; i++) {
      if (i >= live) lines.push(`f ${i - live}`);
      lines.push(`a ${i} ${16 + ((i * 7919) % 4000)}`);
    }
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([`${lines.join("\n")}\n`], "long.txt"));
    const start = performance.now();
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    const slider = document.querySelector("#scrub") as HTMLInputElement;
    while (Number(slider.max) < operations / 2 || document.querySelector("main")?.ariaBusy !== "false")
      await new Promise((resolve) => setTimeout(resolve, 20));
    return performance.now() - start;
  }, DROPPED);
  const length = Number(await page.getAttribute("#scrub", "max"));
  const random = new Random(SEED);
  const times: number[] = [];
  for (let place = 0; place < PLACES; place++) times.push(await scrub(page, random.below(length)));
  console.log(
    `a trace of ${length} operations, dropped: in place after ${(milliseconds / 1000).toFixed(1)} s; scrubbing ${median(times).toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} ms`,
  );
  await page.context().close();
}

function scrub(page: Page, position: number): Promise<number> {
  return page.evaluate(
    (to) =>
      new Promise<number>((resolve) => {
        const start = performance.now();
        const wanted = `${to.toLocaleString("en-US")} of`;
        const output = document.querySelector("#position") as HTMLElement;
        const observer = new MutationObserver(() => {
          if (!output.textContent?.startsWith(wanted)) return;
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.now() - start));
        });
        observer.observe(output, { childList: true, characterData: true, subtree: true });
        const slider = document.querySelector("#scrub") as HTMLInputElement;
        slider.value = String(to);
        slider.dispatchEvent(new Event("input"));
      }),
    position,
  );
}

/** Zooms both maps by a level per frame, from one page to the whole address space and back. */
async function benchZooming(browser: Browser, url: string): Promise<void> {
  const { page } = await open(browser, url);
  const frames = await page.evaluate(async (seconds) => {
    const maps = [...document.querySelectorAll(".map")];
    const times: number[] = [];
    const start = performance.now();
    while (performance.now() - start < seconds * 1000) {
      times.push(await new Promise(requestAnimationFrame));
      const key = Math.floor(times.length / 30) % 2 ? "+" : "-";
      for (const map of maps) map.dispatchEvent(new KeyboardEvent("keydown", { key }));
    }
    return times;
  }, ZOOM_SECONDS);
  const gaps = frames.slice(1).map((time, index) => time - (frames[index] as number));
  const rate = (1000 * gaps.length) / ((frames.at(-1) as number) - (frames[0] as number));
  console.log(
    `zooming two maps of 1 TiB: ${rate.toFixed(0)} frames a second, the longest ${Math.max(...gaps).toFixed(0)} ms`,
  );
  await page.context().close();
}
