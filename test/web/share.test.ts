/** Sharing in Chromium: links, commands, files of other servers, and the page without a network. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import type { Download, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { serveFolder } from "../../src/cli/web.js";
import { readTrace } from "../../src/index.js";
import { ALL_STORIES, type Story } from "../../src/web/stories.js";
import { fixtureBytes, openFixture } from "../foreign/replays.js";
import {
  folder as built,
  drop,
  executable,
  expectCounters,
  expectNoViolations,
  LEFT,
  open,
  serveElsewhere,
  servePage,
  servePageBelow,
  shown,
  takeErrors,
} from "./chromium-page.js";

import { nameOf, writePreviews } from "./previews.js";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 120_000 });

servePage();

const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const PROGRAM = "a 1 100\nc 2 1 40960\nw 1 0 100\nr 1 200000\np it's half\nf 2\nf 1\n";
const TYPED = `program=${encodeURIComponent(PROGRAM)}&touch=object`;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-share-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a command prints, run in a shell where `zeropage` is this one. */
async function printed(command: string): Promise<string> {
  const script = `zeropage() { '${process.execPath}' '${CLI}' "$@"; }\n${command}`;
  const { stdout } = await promisify(execFile)("bash", ["-ec", script], { cwd: folder, maxBuffer: 1 << 26 });
  return stdout;
}

/** The last command, with one more flag. */
const withFlag = (command: string, flag: string): string => {
  const [first = "", ...rest] = command.split(/(?= <<')/);
  return `${first} ${flag}${rest.join("")}`;
};

async function openMenu(page: Page): Promise<void> {
  if (!(await page.locator("#share-menu").evaluate((menu: HTMLDetailsElement) => menu.open)))
    await page.locator("#share-menu > summary").click();
  await page.locator("#share button").first().waitFor();
}

const shared = async (page: Page, name: string): Promise<string> => {
  await openMenu(page);
  return page.getByRole("textbox", { name, exact: true }).inputValue();
};

/** What a button of the menu saves. */
async function saved(page: Page, name: string): Promise<{ file: string; bytes: Buffer }> {
  await openMenu(page);
  const waiting: Promise<Download> = page.waitForEvent("download");
  await page.locator("#share").getByRole("button", { name, exact: true }).click();
  const download = await waiting;
  return { file: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** The results of a record without what is of this host. */
const resultsOf = (json: string) =>
  JSON.parse(json).results.map(({ allocator, options, counters, simulated }: Record<string, unknown>) => ({
    ...{ allocator, options, counters, simulated },
  }));

describe.skipIf(!executable)("the menu to share", () => {
  it("copies the link, and says in the title what it shows", async () => {
    const page = await open(`#${TYPED}&a=glibc:tcacheCount=0&b=lazy&at=2`, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await shown(page, "2 of 7");
    expect(await page.title()).toBe("glibc:tcacheCount=0 and lazy: a program · zeropage");
    await page.locator("#to-end").click();
    await shown(page, "7 of 7");
    await openMenu(page);
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toContain("&at=7");
    await expect.poll(() => page.url()).toBe(link);
    expect(await shared(page, "Frame for an article")).toContain(
      link.split("#")[1]?.replaceAll("&", "&amp;"),
    );
    await expectNoViolations(page);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("#share").isVisible()).toBe(false);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Share");
    await drop(page, "mine.wasm", await fixtureBytes("as-tlsf"), LEFT);
    await page.getByRole("heading", { name: "mine.wasm" }).waitFor();
    await openMenu(page);
    await page.getByText("It names mine.wasm, which whoever opens it has to drop there.").waitFor();
  });

  it.each([
    ["size=3MiB&count=40&written=29%25&a=libmalloc&b=glibc:mmapThreshold=128KiB"],
    ["chunk=1MiB&way=calloc&body=256KiB&a=libmalloc&b=glibc"],
    [`${TYPED}&a=glibc&b=as-tlsf`],
    ["trace=git-log&touch=pages&a=jemalloc&b=jemalloc"],
  ])("gives a command with the same figures, and saves them in the same digits: %s", async (fragment) => {
    const page = await open(`#${fragment}`);
    await page.locator('main[aria-busy="false"]').waitFor();
    await page.getByText(/of [\d,]+ operations/).waitFor();
    const command = await shared(page, "As command");
    const json = (await saved(page, "Counters, JSON")).bytes.toString();
    const told = resultsOf(await printed(withFlag(command, "--json")));
    // The experiment of the bug report runs all ways.
    const isReads = fragment.startsWith("chunk");
    for (const [i, result] of resultsOf(json).entries()) {
      if (isReads) expect(told).toContainEqual(result);
      else expect(told[i]).toEqual(result);
    }
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect(JSON.parse(json)).toMatchObject({ schema: 1, version });
  });

  it("saves counters, bytes over time, maps, profiles and the trace", async () => {
    const page = await open(`#${TYPED}&a=glibc&b=as-tlsf&at=4`);
    await shown(page, "4 of 7");
    const names = await (async () => {
      await openMenu(page);
      return page.locator("#share .buttons button").allTextContents();
    })();
    expect(names).not.toContain("Profile for pprof, right");
    const [counters, timeline] = [
      await saved(page, "Counters, CSV"),
      await saved(page, "Bytes over time, CSV"),
    ];
    expect(counters.bytes.toString().split("\r\n")).toHaveLength(4);
    const trace = await saved(page, "Trace, as text");
    await writeFile(join(folder, "program.txt"), trace.bytes);
    const csv = await printed("zeropage replay program.txt --touch object --allocator glibc --every 1 --csv");
    const figures = (text: string) => {
      const [head = [], ...rows] = text.split("\r\n").map((line) => line.split(","));
      return rows
        .filter((row) => row[head.indexOf("allocator")] === "glibc" && row[head.indexOf("operation")])
        .map((row) =>
          ["operation", "bytes.inUse", "bytes.system", "bytes.resident"].map(
            (name) => row[head.indexOf(name)],
          ),
        );
    };
    const points = figures(timeline.bytes.toString());
    expect(points).toHaveLength(7);
    // The command line has a row for the mark, too.
    expect(figures(csv)).toEqual(expect.arrayContaining(points));
    const collapsed = await saved(page, "Collapsed stacks, left");
    await printed(
      "zeropage profile program.txt --touch object --allocator glibc --collapsed c.txt --pprof p.pb.gz",
    );
    expect(collapsed.bytes.toString()).toBe(await readFile(join(folder, "c.txt"), "utf8"));
    const pprof = await saved(page, "Profile for pprof, left");
    expect(pprof.bytes.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    const { bytes } = await saved(page, "Both maps, PNG");
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    const preview = await saved(page, "Preview of the link, PNG");
    expect([16, 20].map((at) => preview.bytes.readUInt32BE(at))).toEqual([1200, 630]);
    // Nothing of it moved what is shown.
    await page.locator("#forward").click();
    await shown(page, "5 of 7");
  });
});

describe.skipIf(!executable)("what lies on another server", () => {
  it("is a trace and a module that a link names, or an error with what to do", async () => {
    const wasm = await fixtureBytes("as-tlsf");
    const files: Record<string, { body: string | Uint8Array; status?: number }> = {
      "/some%20trace.txt": { body: PROGRAM },
      "/alloc.wasm": { body: wasm },
      "/other/alloc.wasm": { body: await fixtureBytes("as-stub") },
    };
    const elsewhere = await serveElsewhere(async (path) => files[path]);
    const closed = await serveElsewhere(async (path) => files[path], {});
    try {
      const at = (path: string, { port } = elsewhere) => `http://127.0.0.1:${port}${path}`;
      const linked = `trace=${at("/some%20trace.txt").replace("%", "%25")}`;
      const page = await open(`#${linked}&a=${at("/alloc.wasm")}&b=${at("/other/alloc.wasm")}&at=3`);
      await shown(page, "3 of 7");
      expect(await page.locator(".side h2").allTextContents()).toEqual(["alloc.wasm", "alloc.wasm"]);
      await page.getByText(/^some trace\.txt: 7 operations/).waitFor();
      await page.locator("#forward").click();
      await shown(page, "4 of 7");
      await expect.poll(() => page.url()).toMatch(/trace=http.*some%2520trace\.txt&a=http.*&b=http.*&at=4/);
      await page.locator("#to-end").click();
      await shown(page, "7 of 7");
      // They are two, though they have one name.
      for (const [side, fixture] of (["as-tlsf", "as-stub"] as const).entries()) {
        const allocator = await openFixture(fixture, { meter: true });
        await allocator.replay(await readTrace(PROGRAM));
        await expectCounters(page, side as 0 | 1, allocator.counters());
      }
      const alert = page.getByRole("alert");
      const go = (fragment: string) => page.evaluate((to) => (location.hash = to), fragment);
      for (const [fragment, words] of [
        [
          `trace=${at("/none.txt")}&a=glibc&b=lazy`,
          /its server answers 404.*If you have the file, drop it here\./,
        ],
        [`trace=${at("/alloc.wasm", closed)}&a=glibc&b=lazy`, /does not let other pages read it/],
        ["trace=https://user:word@example.org/t&a=glibc", /^trace: an address with a password/],
        ["trace=https://&a=glibc", /^trace: "https:\/\/" is not an address/],
        [`${TYPED}&a=${at("/none.wasm")}&b=lazy`, /drop it on the left map/],
      ] as const) {
        await go(fragment);
        await alert.getByText(words).waitFor();
      }
      // The rest of the link holds when its file is dropped.
      await drop(page, "none.wasm", wasm);
      await page.getByRole("heading", { name: "none.wasm" }).waitFor();
      await expect.poll(() => page.url()).toMatch(/a=none\.wasm&b=lazy/);
    } finally {
      elsewhere.close();
      closed.close();
    }
  });
});

describe.skipIf(!executable)("on any static server, the page", () => {
  it("works below a path, under its own policy, and without a network after the first visit", async () => {
    const server = await servePageBelow("/deep/base/");
    try {
      const url = `http://page.localhost:${server.port}/deep/base/`;
      const page = await open(`${url}#size=1MiB&count=5&a=naive&b=lazy`);
      await shown(page, "9 of 10");
      await page.evaluate(() => navigator.serviceWorker.ready);
      const hasRun = await page.evaluate(() => {
        document.head.append(Object.assign(document.createElement("script"), { text: "hasRun = true" }));
        return "hasRun" in globalThis;
      });
      expect(hasRun).toBe(false);
      expect(takeErrors()).toEqual([expect.stringMatching(/Content Security Policy/)]);
      server.close();
      const later = await page.context().newPage();
      // Models and a trace that nobody looked at before.
      await later.goto(`${url}?embed#trace=git-log&a=mimalloc&b=heap&at=10`);
      await shown(later, "10 of 150,974");
      const caches = await later.evaluate(() => globalThis.caches.keys());
      expect(caches).toEqual([expect.stringContaining(url)]);
    } finally {
      server.close();
    }
  });
});

describe.skipIf(!executable)("a story", () => {
  it("has an address of its own, by which others show its title and its picture", async () => {
    const copy = join(folder, "page");
    await cp(built, copy, { recursive: true });
    const story = ALL_STORIES.find(({ name }) => name === "The slow calloc of macOS") as Story;
    await writePreviews(copy, "https://pages.example/zero/", [story]);
    const name = nameOf(story);
    const page = await readFile(join(copy, `stories/${name}.html`), "utf8");
    const picture = `<meta property="og:image" content="https://pages.example/zero/stories/${name}.png" />`;
    expect(page).toContain(picture);
    expect(page).toContain(`<meta property="og:title" content="${story.name}: `);
    expect(await readFile(join(copy, "index.html"), "utf8")).toContain(picture);
    // Writing them again adds nothing.
    await writePreviews(copy, "https://pages.example/zero/", [story]);
    expect((await readFile(join(copy, "index.html"), "utf8")).split("og:image")).toHaveLength(2);
    const server = await serveFolder(new URL(`file://${copy}/`), 0);
    try {
      const there = await open(`${server.url}stories/${name}.html`);
      await there.waitForURL(`${server.url}#${story.link}`);
      await there.locator('main[aria-busy="false"]').waitFor();
    } finally {
      await server.close();
    }
  });
});

describe.skipIf(!executable)("the first view", () => {
  it("weighs at most 150 kB, gzipped, before charts and what is folded away", async () => {
    const asked = new Set<string>();
    const page = await open("", {}, async (made) => {
      made.context().on("request", (request) => asked.add(new URL(request.url()).pathname.slice(1)));
    });
    await page.getByText("19,999 of 20,000 operations").waitFor();
    await page.locator("#chart-buttons button").first().waitFor();
    const late = /chart-list|share|open-|profile-file/;
    const early = [...asked].filter((path) => /^$|\.(js|css)$/.test(path) && !late.test(path));
    expect([...asked].filter((path) => late.test(path)).join()).toMatch(/^assets\/chart-list/);
    expect(early.join()).toMatch(/worker-.*\.js/);
    const sizes = early.map(
      async (path) => gzipSync(await readFile(join(built, path || "index.html"))).length,
    );
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeLessThanOrEqual(150_000);
  });
});
