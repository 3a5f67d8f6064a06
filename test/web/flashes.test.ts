/** That nothing flashes, in Chromium: maps that change size, and while the page plays, by what its maps show frame by frame. */
import type { Page } from "playwright";
import { describe, expect, it, vi } from "vitest";
import { executable, open, scrubTo, servePage } from "./chromium-page.js";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 120_000 });

const SECONDS = 2;
/** As often as one may look without being in the way of what is drawn. */
const LOOK_MS = 25;

servePage();

/** The most changes of one place on the maps in any second, of places spread over both, while the page plays. */
async function changesASecond(page: Page): Promise<number> {
  return page.evaluate(
    async ({ seconds, every }) => {
      const maps = [...document.querySelectorAll<HTMLCanvasElement>("canvas.map")];
      const colours = () =>
        maps.flatMap((map) => {
          const { data, width, height } = (
            map.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D
          ).getImageData(0, 0, map.width, map.height);
          // The middle of every second cell, of every second line.
          const middles = (size: number) =>
            Array.from({ length: Math.floor(size / 14) }, (_, i) => 14 * i + 3);
          return middles(height).flatMap((y) =>
            middles(width).map((x) => data.slice(4 * (y * width + x), 4 * (y * width + x) + 3).join()),
          );
        });
      let last = colours();
      // When each place changed: after the look before, by this one.
      const changes = last.map((): { after: number; by: number }[] => []);
      let before = performance.now();
      document.getElementById("play")?.click();
      const end = performance.now() + seconds * 1000;
      while (performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, every));
        const [now, time] = [colours(), performance.now()];
        for (const [place, colour] of now.entries()) {
          if (colour !== last[place]) changes[place]?.push({ after: before, by: time });
        }
        [last, before] = [now, time];
      }
      // Of a busy machine the looks are late: what surely came within a second counts.
      const most = (times: { after: number; by: number }[]) =>
        Math.max(
          0,
          ...times.map(
            ({ after }) => times.filter((one) => one.after >= after && one.by < after + 1000).length,
          ),
        );
      return Math.max(0, ...changes.map(most));
    },
    { seconds: SECONDS, every: LOOK_MS },
  );
}

const TYPED = encodeURIComponent(
  Array.from(
    { length: 300 },
    (_, id) => `c ${id} 1 ${(1 + (id % 3)) * 400_000}\nw ${id} 0 300000\nf ${id}\n`,
  ).join(""),
);

describe.skipIf(!executable)("a map", () => {
  it("is drawn anew in the frame in which its size changes", async () => {
    const page = await open("#size=4MiB&count=10&a=naive&b=glibc&at=1", {});
    await page.locator('main[aria-busy="false"]').waitFor();
    const alpha = await page
      .locator("canvas.map")
      .first()
      .evaluate(async (element) => {
        const map = element as HTMLCanvasElement;
        // The page's own observer, which is older, has been told when this one is.
        const told = () =>
          new Promise<void>((resolve) => {
            const observer = new ResizeObserver(([entry], self) => {
              if (entry?.contentRect.width === before) return;
              self.disconnect();
              resolve();
            });
            observer.observe(map);
          });
        const before = map.getBoundingClientRect().width;
        const resized = told();
        (map.parentElement as HTMLElement).style.width = `${before / 2}px`;
        await resized;
        const { data } = (map.getContext("2d") as CanvasRenderingContext2D).getImageData(
          ...([0, 0, map.width, map.height] as const),
        );
        return Math.max(...data.filter((_, i) => i % 4 === 3));
      });
    expect(alpha).toBe(255);
  });

  it("has as many pixels of time as the screen, which may become another one", async () => {
    // Not in a page that others go on with: it stays on that screen.
    const page = await open("#size=4MiB&count=10&a=naive&b=glibc&at=1", {}, async () => {});
    await page.locator('main[aria-busy="false"]').waitFor();
    const session = await page.context().newCDPSession(page);
    const size = { width: 1280, height: 720, mobile: false };
    await session.send("Emulation.setDeviceMetricsOverride", { ...size, deviceScaleFactor: 2 });
    await scrubTo(page, 2);
    const time = page.locator("#sparkline");
    const pixels = () => time.evaluate((one) => (one as HTMLCanvasElement).width / one.clientWidth);
    await expect.poll(pixels).toBe(2);
  });
});

describe.skipIf(!executable)("while the page plays", () => {
  it.each([
    ["a loop", "#size=4MiB&count=10000&a=libmalloc&b=glibc&at=0", {}],
    [
      "a loop for who wants less motion",
      "#size=4MiB&count=10000&a=naive&b=jemalloc&at=0",
      { reducedMotion: "reduce" },
    ],
    ["a loop that is typed", `#program=${TYPED}&a=naive&b=glibc&at=0`, {}],
  ] as const)("nothing flashes: %s", async (_, fragment, options) => {
    const page = await open(fragment, options);
    await page.locator('main[aria-busy="false"]').waitFor();
    await page.locator("#position").getByText(/^0 of/).waitFor();
    await page.locator("#speed").selectOption({ label: "100 a second" });
    const most = await changesASecond(page);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
  });
});
