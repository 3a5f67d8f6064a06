/** The view in Chromium: what stays when something goes wrong, what links hold, and how one moves about in it. */
import type { Page } from "playwright";
import { describe, expect, it, vi } from "vitest";
import { runCallocLoop } from "../../src/index.js";
import { fixtureBytes } from "../foreign/replays.js";
import { Random } from "../random.js";
import {
  counter,
  drop,
  executable,
  expectNoViolations,
  open,
  RIGHT,
  scrubTo,
  servePage,
  shown,
} from "./chromium-page.js";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 120_000 });

servePage();

/** A window in which 64 MiB take cells of 32 KiB. */
const WIDE = { viewport: { width: 1600, height: 1000 } };

const PROGRAM = `#program=${encodeURIComponent("a 1 100\nc 2 1 4096\nw 1 0 100\nr 1 200000\nf 2\nf 1\n")}&a=lazy&b=naive`;

/** An allocator whose name is as long as they come. */
const LONG = "pymalloc/glibc:python=3.9:arenas=malloc:trimThreshold=128KiB:mmapThreshold=256KiB";

describe.skipIf(!executable)("the first screen", () => {
  it.each([
    [0, /^libmalloc clears 976\.5 GiB that already read as zero\. That takes [\d,]+ times as long\.$/],
    [1, /^glibc takes 256,010,001 page faults, .*; libmalloc .* itself\. That takes 1\.9 times as long\.$/],
  ])("says it in figures of the library, at %i written", async (written, point) => {
    const page = await open(`#size=100MiB&count=10000&written=${100 * written}%25&a=libmalloc&b=glibc`);
    const runs = ["libmalloc", "glibc"].map((model) =>
      runCallocLoop({ model, bytes: 100 * 2 ** 20, count: 10_000, written }),
    );
    const seconds = (await Promise.all(runs)).map(({ simulated }) => simulated?.seconds ?? 0);
    const [left, right] = seconds.map((one) => (one < 1 ? Number(one.toPrecision(2)) : Math.round(one)));
    await page.getByRole("heading", { name: `${left} s or ${right} s. The same program.` }).waitFor();
    await expect.poll(() => page.locator("#punchline").textContent()).toMatch(point);
    await scrubTo(page, 0);
    await expect.poll(() => page.locator("#race .left .figure").textContent()).toBe("0 s");
    await expect.poll(() => page.locator("#source").textContent()).toContain("p = calloc(1, 100 MiB);");
  });

  it.each([
    [1280, 720, "#headline, #source, canvas.map, #figures-panel, #filter, #play, #sparkline, #scrub"],
    [1920, 1080, "#headline, #source, canvas.map, #figures-panel, #filter, #play, #sparkline, #scrub"],
    [768, 1024, "#headline, #play, #scrub, canvas.map"],
    [390, 844, "#headline, #play, #scrub"],
  ])("is in a window of %i by %i as a whole", async (width, height, parts) => {
    const page = await open("#size=1MiB&count=5&a=naive&b=lazy", { viewport: { width, height } });
    await shown(page, "9 of 10");
    const outside = await page.evaluate(
      (parts) =>
        [...document.querySelectorAll(parts)]
          .filter((part) => {
            const { top, bottom, left, right } = part.getBoundingClientRect();
            return top < 0 || left < 0 || bottom > innerHeight || right > innerWidth || bottom - top < 10;
          })
          .map(({ id, className }) => id || className),
      parts,
    );
    expect(outside).toEqual([]);
  });

  it.each([
    [1280, 720],
    [1280, 900],
    [390, 844],
  ])(
    "leaves room for maps, and begins bars at one place, however long names are, in %i by %i",
    async (width, height) => {
      const names =
        "a=glibc&b=pymalloc/glibc:python=3.9:arenas=malloc:trimThreshold=128KiB:mmapThreshold=256KiB";
      const page = await open(`#size=1MiB&count=5&${names}`, { viewport: { width, height } });
      await shown(page, "9 of 10");
      const boxes = (selector: string) =>
        page
          .locator(selector)
          .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON() as DOMRect));
      for (const map of await boxes("canvas.map")) expect(map.height).toBeGreaterThan(90);
      const [left, right] = await boxes("#race .track");
      expect([left?.x, left?.width]).toEqual([right?.x, right?.width]);
      const [heading] = await boxes(".side.right .side-heading");
      for (const control of await boxes(".side.right .buttons > *"))
        expect(control.right).toBeLessThanOrEqual((heading?.right ?? 0) + 1);
      // The name is whole, with all of its letters.
      await expect.poll(() => page.locator(".side.right h2").textContent()).toBe(LONG);
    },
  );
});

describe.skipIf(!executable)("a guided story", () => {
  it("goes step by step, each a link and a step of the history, and answers in figures of the runs", async () => {
    const page = await open("#size=1MiB&count=5&a=naive&b=lazy", { viewport: { width: 1280, height: 900 } });
    await shown(page, "9 of 10");
    await page.getByText("Stories", { exact: true }).click();
    await page.getByRole("link", { name: /^A bug, from the report to its cause/ }).click();
    const guide = page.locator("#guide");
    await guide.getByText("1 of 7").waitFor();
    await expect.poll(() => page.locator("#stories").isVisible()).toBe(false);
    await guide.getByRole("button", { name: "Next" }).click();
    await shown(page, "19,999 of 20,000");
    await expect.poll(() => page.url()).toContain("story=benfield.2");
    const answer = guide.locator(".answer");
    await expect.poll(() => answer.isVisible()).toBe(false);
    await guide.getByText("So nothing is used. What is there to do?").click();
    expect(await answer.textContent()).toMatch(
      /for 480 s: it cleared 976\.5 GiB that already read as zero\./,
    );
    expect(await page.locator(".pointed").evaluateAll((all) => all.map(({ id }) => id))).toEqual([
      "headline",
    ]);
    await expectNoViolations(page);
    await page.goBack();
    await guide.getByText("1 of 7").waitFor();
    await page.goForward();
    await guide.getByText("2 of 7").waitFor();
    await guide.getByRole("button", { name: "Leave the story" }).click();
    await expect.poll(() => page.url()).not.toContain("story=");
    await expect.poll(() => guide.isVisible()).toBe(false);
  });
});

describe.skipIf(!executable)("after an error", () => {
  it("the last good view stays, plays, and takes the next file", async () => {
    const page = await open(PROGRAM);
    await shown(page, "4 of 6");
    const alert = page.getByRole("alert");
    const headings = () => page.locator(".side h2").allTextContents();
    await drop(page, "bad.txt", "a 1 100\nf 1\nf 1\n");
    await alert.getByText("line 3: id 1 is not live").waitFor();
    expect(new URL(page.url()).hash).toBe(PROGRAM);
    await page.getByRole("button", { name: "Step back" }).click();
    await shown(page, "3 of 6");
    expect(await counter(page, "calls")).toBe(2);
    await page.evaluate(() => {
      location.hash = "a=dlmalloc&b=lazy";
    });
    await alert.getByText('there is no allocator "dlmalloc"').waitFor();
    await expect.poll(headings).toEqual(["lazy", "naive"]);
    await drop(page, "tlsf.wasm", await fixtureBytes("as-tlsf"), RIGHT);
    await expect.poll(headings).toEqual(["lazy", "tlsf.wasm"]);
    await expect.poll(() => alert.textContent()).toBe("");
  });

  it("a link that is followed while the view is about to be noted is not lost", async () => {
    const page = await open(PROGRAM);
    await shown(page, "4 of 6");
    await page.evaluate(() => {
      // The note is due before word of the link comes, as it may be when the page is busy.
      const { setTimeout: later } = globalThis;
      let note = () => {};
      Object.assign(globalThis, {
        setTimeout: (work: () => void, rest: number) => {
          note = work;
          return later(work, rest);
        },
      });
      const speed = document.getElementById("speed") as HTMLSelectElement;
      speed.selectedIndex = 0;
      speed.dispatchEvent(new Event("change", { bubbles: true }));
      Object.assign(globalThis, { setTimeout: later });
      location.hash = "a=dlmalloc&b=lazy";
      note();
    });
    await page.getByRole("alert").getByText('there is no allocator "dlmalloc"').waitFor({ timeout: 30_000 });
    expect(new URL(page.url()).hash).toBe("#a=dlmalloc&b=lazy");
  });

  it("the way back is a button, and the form says again what is shown", async () => {
    const page = await open("#size=1MiB&count=5&a=lazy&b=naive");
    await shown(page, "9 of 10");
    await page.evaluate(() => {
      location.hash = "size=big";
    });
    const alert = page.getByRole("alert");
    await alert.getByText('size: "big" is not a size').waitFor();
    await alert.getByRole("button", { name: "Go on as before" }).click();
    await expect.poll(() => new URL(page.url()).hash).toBe("#size=1MiB&count=5&a=lazy&b=naive");
    await expect.poll(() => alert.textContent()).toBe("");
    const other = await open("#size=big");
    await other.getByRole("button", { name: "Show an example" }).click();
    await shown(other, "19,999 of 20,000");
  });

  it("each run and each drop is a step, to which Back leads", async () => {
    const page = await open("#size=1MiB&count=5&a=lazy&b=naive");
    await shown(page, "9 of 10");
    await scrubTo(page, 3);
    await expect.poll(() => page.url()).toContain("at=3");
    await drop(page, "small.txt", "a 1 100\nf 1\n");
    await shown(page, "1 of 2");
    await page.getByText("Change the program and the allocators").click();
    await page.getByLabel("Model").first().selectOption("glibc");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("heading", { name: "glibc" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "lazy" }).waitFor();
    await shown(page, "1 of 2");
    await page.goBack();
    await shown(page, "3 of 10");
    await page.goForward();
    await shown(page, "1 of 2");
  });
});

/** The scale as the page tells it. */
const scaleOf = (page: Page) => page.locator("#scale").textContent();

describe.skipIf(!executable)("the two maps", () => {
  it("have one scale, which is told, and are zoomed and moved together until they are taken apart", async () => {
    // 64 MiB on the left, and 64 KiB on the right that looks smaller.
    const page = await open(`#program=${encodeURIComponent("c 1 1 67108864\n")}&a=naive&b=lazy`, WIDE);
    await shown(page, "1 of 1");
    expect(await scaleOf(page)).toBe("On both maps 1 cell = 32 KiB, 8 pages.");
    await page.getByRole("button", { name: "Zoom in" }).click();
    expect(await scaleOf(page)).toBe("On both maps 1 cell = 16 KiB, 4 pages.");
    const windows = () => /map-a=[0-9a-f]+\.(\w+).*map-b=[0-9a-f]+\.(\w+)/.exec(page.url())?.slice(1);
    await expect.poll(windows).toEqual(["16KiB", "16KiB"]);
    const starts = () => /map-a=([0-9a-f]+)\..*map-b=([0-9a-f]+)\./.exec(page.url())?.slice(1) ?? [];
    const before = starts().map((start) => Number.parseInt(start, 16));
    await page.getByLabel("Page map of the left side").press("PageUp");
    const moved = () => starts().map((start, side) => Number.parseInt(start, 16) - (before[side] ?? 0));
    await expect.poll(() => moved().every((bytes) => bytes < 0)).toBe(true);
    await page.getByLabel("One scale for both maps").uncheck();
    await page.getByLabel("Page map of the right side").press("+");
    await expect.poll(windows).toEqual(["16KiB", "8KiB"]);
    expect(await scaleOf(page)).toBe("1 cell = 16 KiB, 4 pages left, and 8 KiB, 2 pages right.");
    await page.getByLabel("One scale for both maps").check();
    await expect.poll(windows).toEqual(["16KiB", "16KiB"]);
    await page.getByRole("button", { name: "All of the address space" }).click();
    expect(await scaleOf(page)).toBe("On both maps 1 cell = 32 KiB, 8 pages.");
    await expect.poll(windows).toBeUndefined();
  });
});

/** What a link stands for: the pictures of both maps, as sums over their pixels, and all that is told and chosen. */
function seen(page: Page) {
  return page.evaluate(async () => ({
    maps: await Promise.all(
      [...document.querySelectorAll<HTMLCanvasElement>("canvas.map")].map(async (map) => {
        const { width, height } = map;
        const pixels = map.getContext("2d")?.getImageData(0, 0, width, height).data as BufferSource;
        const sum = new Uint32Array(await crypto.subtle.digest("SHA-256", pixels));
        return `${width} by ${height}: ${sum.join()}`;
      }),
    ),
    texts: [
      ...document.querySelectorAll(
        "#position, #scale, .map-text, .inside, .code, #headline, #figures, #counters, #story, #chart figcaption",
      ),
    ].map((element) => element.textContent),
    chosen: [...document.querySelectorAll<HTMLInputElement>("#filter input, #maps-bar input")].map(
      ({ checked }) => checked,
    ),
    speed: document.querySelector<HTMLSelectElement>("#speed")?.value,
  }));
}

/** Longer than a cell rests after a change. */
const settle = (page: Page) => page.waitForTimeout(1200);

const random = new Random(0x1ead);
const LOOPS = "size=300KiB&count=20&a=naive&b=glibc";
const TYPED = `program=${encodeURIComponent("c 1 1 900000\nw 1 0 5000\na 2 70000\nr 2 300000\nf 1\nc 3 10 1000\nf 2\n")}&a=libmalloc&b=jemalloc`;

/** Something that a person does to look elsewhere. */
async function lookElsewhere(page: Page): Promise<void> {
  const side = random.below(2) ? "left" : "right";
  const press = (key: string) => page.getByLabel(`Page map of the ${side} side`).press(key);
  const acts: (() => Promise<unknown>)[] = [
    () => scrubTo(page, random.below(8)),
    () => press("+"),
    () => press("-"),
    () => press("Shift+ArrowDown"),
    () => press("Shift+ArrowRight"),
    () => press("PageDown"),
    () => page.locator("#filter input").nth(random.below(6)).click(),
    () => page.locator("#by-difference").click(),
    () => page.locator("#objects").click(),
    () => page.locator("#one-scale").click(),
    () => page.locator("#follow").click(),
    () => page.locator("#speed").selectOption({ index: random.below(8) }),
    () => page.getByRole("button", { name: "Bytes over time" }).click(),
  ];
  await acts[random.below(acts.length)]?.();
}

describe.skipIf(!executable)("a link", () => {
  it.each([LOOPS, LOOPS, TYPED, TYPED])(
    "gives the whole view again, in every pixel of the maps: %s",
    async (program) => {
      const page = await open(`#${program}`);
      await page.locator('main[aria-busy="false"]').waitFor();
      await page
        .locator("#position")
        .getByText(/operations/)
        .waitFor();
      for (let act = 0; act < 9; act++) await lookElsewhere(page);
      await settle(page);
      const [link, picture] = [new URL(page.url()).hash, await seen(page)];
      const other = await open(link);
      await other
        .locator("#position")
        .getByText(/operations/)
        .waitFor();
      await settle(other);
      await expect.poll(() => seen(other), { message: `seed=0x1ead ${link}` }).toEqual(picture);
      // The other page writes the same link, once it writes one.
      for (const _ of ["away", "and back"]) await other.locator("#filter input").first().click();
      await settle(other);
      expect(new URL(other.url()).hash).toBe(link);
    },
  );
});

describe.skipIf(!executable)("a trace", () => {
  it("says with its results what is assumed of it, which is changed there", async () => {
    const page = await open("#size=1MiB&count=5&a=glibc&b=naive");
    await shown(page, "9 of 10");
    const assumed = page.getByLabel(/^Assumed: of each object it gets, the program touches/);
    await expect.poll(() => assumed.isVisible()).toBe(false);
    await drop(page, "small.txt", "c 1 1 4000000\nf 1\n");
    await shown(page, "1 of 2");
    await expect.poll(() => assumed.inputValue()).toBe("none");
    const story = page.locator("#story");
    await story.getByText(/^naive: .*zeroed 3\.8 MiB that already read as zero/).waitFor();
    await assumed.selectOption("all of it");
    await shown(page, "1 of 2");
    await expect.poll(() => page.url()).toMatch(/file=small\.txt&touch=object/);
    expect(await counter(page, "touched.written", 0)).toBe(978);
    await page.goBack();
    await expect.poll(() => assumed.inputValue()).toBe("none");
  });
});

describe.skipIf(!executable)("a map", () => {
  const text = (page: Page) => page.locator("[data-side=left] .map-text").textContent();

  it("asks about the page that was chosen, and zooms about it, wherever the pointer went", async () => {
    const page = await open(`#program=${encodeURIComponent("c 1 1 67108864\n")}&a=naive&b=lazy`, WIDE);
    await shown(page, "1 of 1");
    const map = page.locator("[data-side=left] canvas");
    await map.click({ position: { x: 24, y: 52 } });
    await expect.poll(() => page.url()).toContain("page-a=");
    const chosen = /page-a=([0-9a-f]+)/.exec(page.url())?.[1] ?? "";
    await map.hover({ position: { x: 300, y: 150 } });
    await expect.poll(() => text(page)).not.toContain(chosen);
    await page.locator("[data-side=left]").getByRole("button", { name: "Page history" }).click();
    await page
      .locator("[data-side=left]")
      .getByText(`The page at 0x${chosen} changed once up to here:`)
      .waitFor();
    await expect.poll(() => text(page)).toContain(`0x${chosen} to`);
    // From 32 KiB a cell to a page, about the chosen one: it is still in view, in its row.
    for (let presses = 0; presses < 5; presses++) await page.getByRole("button", { name: "Zoom in" }).click();
    expect(await scaleOf(page)).toContain("1 cell = 4 KiB, a page");
    await expect.poll(() => page.url()).toMatch(/map-a=[0-9a-f]+\.4KiB/);
    const start = Number.parseInt(/map-a=([0-9a-f]+)/.exec(page.url())?.[1] ?? "", 16);
    const below = Number.parseInt(chosen, 16) - start;
    expect(below).toBeGreaterThanOrEqual(0);
    expect(below).toBeLessThan(8 * 90 * 4096);
  });
});

describe.skipIf(!executable)("the keys and the wheel", () => {
  it("work wherever the focus is, but in a text", async () => {
    const page = await open("#size=1MiB&count=500000&a=naive&b=lazy&at=10");
    await shown(page, "10 of 1,000,000");
    const at = (position: number) => shown(page, `${position} of 1,000,000`);
    await page.getByRole("button", { name: "Step", exact: true }).click();
    await page.keyboard.press(".");
    await at(12);
    await page.locator("#filter input").first().click();
    await page.keyboard.press(",");
    await at(11);
    await page.locator("#setup > summary").click();
    await page.keyboard.press(".");
    await at(12);
    const count = page.getByRole("textbox", { name: "Count" });
    await count.fill("");
    await count.pressSequentially("1,2. 3");
    await expect.poll(() => count.inputValue()).toBe("1,2. 3");
    await at(12);
    await page.keyboard.press("Escape");
    // Space on the slider plays. The page stays where it is.
    await page.setViewportSize({ width: 800, height: 400 });
    const scrub = page.locator("#scrub");
    await scrub.focus();
    const top = await page.evaluate(() => scrollY);
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Play", exact: true }).waitFor();
    expect(await page.evaluate(() => scrollY)).toBe(top);
  });

  it("go to where the picture of memory is pressed, and zoom by how far the wheel is turned", async () => {
    const page = await open(
      `#program=${encodeURIComponent("c 1 1 67108864\n".concat("w 1 0 10\n".repeat(99)))}&a=naive&b=lazy`,
      WIDE,
    );
    await shown(page, "100 of 100");
    const picture = page.locator("#sparkline");
    const { width = 0 } = (await picture.boundingBox()) ?? {};
    await picture.click({ position: { x: Math.round(width / 4), y: 10 } });
    await shown(page, "25 of 100");
    await page.locator("[data-side=left] canvas").focus();
    await page.locator("[data-side=left] canvas").hover({ position: { x: 40, y: 40 } });
    const cell = async () => /1 cell = (\d+) KiB/.exec((await scaleOf(page)) ?? "")?.[1];
    for (const turn of [-30, -30, -30]) await page.mouse.wheel(0, turn);
    await settle(page);
    expect(await cell()).toBe("32");
    await page.mouse.wheel(0, -30);
    await expect.poll(cell).toBe("16");
    await page.mouse.wheel(0, -200);
    await expect.poll(cell).toBe("4");
  });
});

describe.skipIf(!executable)("a file", () => {
  it("is a module by its first bytes, whatever its name, which shows what it is", async () => {
    const page = await open("#program=a 1 100%0A&a=lazy&b=naive");
    await shown(page, "1 of 1");
    await drop(page, "alloc\u202egpj.bin", await fixtureBytes("as-tlsf"), RIGHT);
    await page.getByRole("heading", { name: "alloc<U+202E>gpj.bin.wasm" }).waitFor();
    await shown(page, "1 of 1");
    const link = new URL(page.url()).hash;
    await drop(page, "worse.bin", new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]), RIGHT);
    await page
      .getByRole("alert")
      .getByText(/no memory|no allocator/)
      .waitFor();
    await page.getByRole("heading", { name: "alloc<U+202E>gpj.bin.wasm" }).waitFor();
    expect(new URL(page.url()).hash).toBe(link);
  });
});

describe.skipIf(!executable)("the figures", () => {
  it("take times from each other only of one machine, and add up", async () => {
    const page = await open("#size=8MiB&count=10&written=50%25&a=libmalloc&b=glibc");
    await shown(page, "29 of 30");
    const own = [await counter(page, "simulated.seconds", 0), await counter(page, "simulated.seconds", 1)];
    const one = [
      await counter(page, "simulated.oneMachine", 0),
      await counter(page, "simulated.oneMachine", 1),
    ];
    expect(one[0]).toBe(own[0]);
    expect(one[1]).not.toBe(own[1]);
    expect(await counter(page, "simulated.seconds", "difference")).toBeNaN();
    expect(await counter(page, "simulated.oneMachine", "difference")).toBeCloseTo(
      (one[0] ?? 0) - (one[1] ?? 0),
      12,
    );
    await page.getByText("Where the time goes").first().click();
    await page.locator("[data-side=left] .calls ul").first().waitFor();
    const shares = await page.evaluate(() => {
      const share = (item: Element) =>
        Number(/([\d.]+)%/.exec(item.childNodes.item(1)?.textContent ?? item.textContent ?? "")?.[1]);
      const lists = [...document.querySelectorAll("[data-side=left] .calls ul")];
      return lists.map((list) => {
        const below = [...list.children].map(share).reduce((sum, one) => sum + one, 0);
        return below - share(list.parentElement as Element);
      });
    });
    expect(shares.length).toBeGreaterThan(0);
    for (const off of shares) expect(Math.abs(off)).toBeLessThan(0.3);
    await page.evaluate(() => {
      location.hash = "size=8MiB&count=10&a=naive&b=glibc";
    });
    await shown(page, "19 of 20");
    await expect.poll(() => counter(page, "simulated.seconds", "difference")).not.toBeNaN();
    await expect
      .poll(() => page.locator('td[data-counter="simulated.oneMachine"]').first().isVisible())
      .toBe(false);
  });
});

describe.skipIf(!executable)("for everybody, the page", () => {
  it("reads out no more than one can listen to, while it plays", async () => {
    const page = await open("#size=1MiB&count=100000&a=naive&b=lazy&at=0");
    await shown(page, "0 of 200,000");
    await page.locator("[data-side=left] canvas").focus();
    const changes = await page.evaluate(async () => {
      const live = [
        ...document.querySelectorAll("[aria-live]:not([aria-live=off]), [role=status], [role=alert], output"),
      ];
      let count = 0;
      const observer = new MutationObserver(() => count++);
      for (const region of live)
        observer.observe(region, { childList: true, characterData: true, subtree: true });
      document.getElementById("play")?.click();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return count;
    });
    expect(changes).toBeLessThanOrEqual(2);
    await page.getByRole("button", { name: "Pause" }).click();
    const said = page.locator("#announcement");
    await expect.poll(() => said.textContent()).toMatch(/^[\d,]+ of 200,000 operations$/);
  });

  it("gives each button and each choice a name of its own", async () => {
    const page = await open("#size=1MiB&count=5&a=naive&b=lazy");
    await shown(page, "9 of 10");
    const names = await page
      .locator("main button:visible, main summary:visible, main select:visible, main [role=application]")
      .evaluateAll((all) =>
        all.map(
          (one) =>
            one.ariaLabel ??
            (one as HTMLSelectElement).labels?.[0]?.firstChild?.textContent ??
            one.textContent,
        ),
      );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it("keeps what has the focus from behind the bar", async () => {
    const page = await open("#size=1MiB&count=5&a=naive&b=lazy", { viewport: { width: 1000, height: 500 } });
    await shown(page, "9 of 10");
    await page.locator("#chart-buttons button").last().focus();
    for (let presses = 0; presses < 14; presses++) {
      await page.keyboard.press("Shift+Tab");
      const hidden = await page.evaluate(() => {
        const [bar, focus] = [
          document.getElementById("transport") as Element,
          document.activeElement as Element,
        ];
        return !bar.contains(focus) && focus.getBoundingClientRect().top < bar.getBoundingClientRect().bottom
          ? focus.outerHTML
          : "";
      });
      expect(hidden).toBe("");
    }
  });

  it.each([320, 390])("reaches not out at the side of %i pixels, with a long name", async (width) => {
    const page = await open(
      "#size=1MiB&count=5&a=glibc:mmapThreshold=1000:tcacheCount=0&b=pymalloc/glibc:python=3.9",
      {
        viewport: { width, height: 700 },
      },
    );
    await shown(page, "9 of 10");
    /** What makes the page wider than its window, each told by its name and reach. */
    const wide = () =>
      page.evaluate(() =>
        document.documentElement.scrollWidth <= innerWidth
          ? []
          : [...document.querySelectorAll("body *")]
              .filter((one) => one.getBoundingClientRect().right > innerWidth)
              .map(
                (one) => `${one.tagName} #${one.id} .${one.className}: ${one.getBoundingClientRect().right}`,
              ),
      );
    expect(await wide()).toEqual([]);
    await drop(page, `${"a_very_long_name_".repeat(12)}.wasm`, await fixtureBytes("as-tlsf"), RIGHT);
    await page.getByRole("heading", { name: "a_very_long" }).waitFor();
    await drop(page, `${"another_long_name_".repeat(12)}.wasm`, "no module");
    await page.getByRole("alert").getByText("another_long").waitFor();
    expect(await wide()).toEqual([]);
    // What runs is shown only where it takes long, and it may have a long name too.
    await page.evaluate(
      (text) => {
        (document.getElementById("busy") as HTMLElement).hidden = false;
        (document.getElementById("busy-text") as HTMLElement).textContent = text;
      },
      `Opening ${"a_very_long_name_".repeat(12)}.wasm: 5 of 10`,
    );
    expect(await wide()).toEqual([]);
  });

  it("keeps the colours that mean something where colours are forced, and has no fault that axe finds", async () => {
    const page = await open("#size=1MiB&count=5&a=naive&b=lazy", { forcedColors: "active" });
    await shown(page, "9 of 10");
    const colours = await page
      .locator("#filter .swatch")
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
    expect(colours[0]).toBe("rgb(213, 94, 0)");
    expect(new Set(colours).size).toBe(6);
    await page.locator("#by-difference").check();
    const differences = await page
      .locator("#filter .swatch")
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
    expect(differences[0]).toBe("rgb(176, 23, 122)");
    expect(new Set(differences).size).toBe(7);
    await expectNoViolations(page);
  });

  it.each([
    ["#size=100MiB&count=1000&a=libmalloc&b=glibc", 1280],
    ["#size=100MiB&count=1000&a=libmalloc&b=glibc", 390],
    ["#size=100MiB&count=1000&a=libmalloc&b=glibc", 768],
    ["#size=100MiB&count=1000&a=libmalloc&b=glibc", 1920],
    [`#size=1MiB&count=10&a=libmalloc&b=${LONG}`, 1280],
    [`#size=1MiB&count=10&a=libmalloc&b=${LONG}`, 390],
    ["#trace=git-log&touch=object&a=glibc&b=libmalloc", 1280],
  ])("does not move under the pointer: %s at %i", async (link, width) => {
    const page = await open(link, { viewport: { width, height: 900 } });
    // What moved before is told, too.
    await page.evaluate(() => {
      const moved: unknown[] = [];
      Object.assign(globalThis, { moved });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { value, sources } = entry as PerformanceEntry & {
            value: number;
            sources: { node?: Element }[];
          };
          moved.push([value, ...sources.map(({ node }) => node?.id || node?.className || node?.nodeName)]);
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page
      .locator('main[aria-busy="false"]')
      .getByText(/of [\d,]+ operations/)
      .waitFor();
    if (link.includes("size")) await page.locator("#story").getByText("(constant)").first().waitFor();
    await page.evaluate(() => document.getElementById("play")?.click());
    await settle(page);
    const moved = await page.evaluate(
      () => (globalThis as unknown as { moved: [number, ...string[]][] }).moved,
    );
    expect(
      moved.reduce((sum, [value]) => sum + value, 0),
      JSON.stringify(moved),
    ).toBeLessThan(0.05);
  });

  it.each([["allow-scripts allow-same-origin"], ["allow-scripts"]])(
    "plays embedded in a frame, in a sandbox too: %s",
    async (allowed) => {
      const page = await open("#size=1MiB&count=5");
      await page.evaluate(async (allowed) => {
        const made = document.createElement("iframe");
        made.setAttribute("sandbox", allowed);
        made.src = `${location.origin}/?embed#size=1MiB&count=500&a=naive&b=lazy&at=0`;
        made.style.cssText = "position: fixed; inset: 0; z-index: 9; width: 700px; height: 600px";
        document.body.append(made);
        await new Promise((resolve) => made.addEventListener("load", resolve));
      }, allowed);
      const frame = page.frameLocator("iframe");
      await frame.getByText("0 of 1,000 operations", { exact: true }).waitFor();
      await expect
        .poll(() => frame.locator("#punchline").textContent())
        .toMatch(/^naive .* times as long\.$/);
      await frame.locator("#scrub").fill("3");
      await frame.locator("#position").getByText("3 of 1,000 operations").waitFor();
      for (const part of ["[data-side=left] canvas", "#race", "#play", "#whole"])
        await expect.poll(() => frame.locator(part).isVisible()).toBe(true);
      for (const part of ["#program-panel", "#setup", "#counters", "#filter", "#maps-bar"])
        await expect.poll(() => frame.locator(part).isVisible()).toBe(false);
      expect(await frame.locator("#whole").getAttribute("href")).toMatch(/^\/#size=1MiB/);
      expect(await frame.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth)).toBe(0);
    },
  );
});
