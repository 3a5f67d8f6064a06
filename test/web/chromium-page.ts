/** The page in Chromium, as `npm run build:web` has built it, from the server of the command line: what tests do with it. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type Axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { type FolderServer, serveFolder } from "../../src/cli/web.js";
import type { Counters } from "../../src/index.js";
import { chromiumLaunchOptions, findChromium } from "../chromium.js";

const BUILT = new URL("../../dist/web/", import.meta.url);
/** Where the page is. */
export const folder = fileURLToPath(BUILT);

/** The size of a window, as Playwright makes it. */
const SIZE = { width: 1280, height: 720 };

export const executable = findChromium();
export let server: FolderServer;
export let browser: Browser;
const AXE = readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
let errors: string[] = [];

/** Serves the page for the tests of a file, none of which may leave an error behind. */
export function servePage(): void {
  beforeAll(async () => {
    if (!executable) return;
    server = await serveFolder(BUILT, 0);
    browser = await chromium.launch(chromiumLaunchOptions(executable));
  });

  afterAll(async () => {
    kept.clear();
    await browser?.close();
    await server?.close();
  });

  afterEach(async () => {
    await leave();
    expect(errors).toEqual([]);
    errors = [];
  });
}

/**
 * Pages that tests left, by the options they were made with. What is opened in one of them is as new, but needs no process
 * of its own, nor to compile the same scripts again: half the CPU time.
 */
const kept = new Map<string, Page[]>();
/** Those that the running test has. */
let taken: { page: Page; key: string }[] = [];

/** Leaves what the test opened, and keeps pages for the next one. */
async function leave(): Promise<void> {
  const left = taken;
  taken = [];
  for (const { page, key } of left) {
    await page.mouse.move(0, 0);
    await page.goto("about:blank");
    kept.set(key, [page, ...(kept.get(key) ?? [])]);
  }
  const contexts = new Set([...kept.values()].flat().map((page) => page.context()));
  for (const context of browser?.contexts() ?? []) if (!contexts.has(context)) await context.close();
}

/** What the page reported so far, of which a test expects something. */
export function takeErrors(): string[] {
  const taken = errors;
  errors = [];
  return taken;
}

/** Opens a page in one that was left, or in a new one where something has to be prepared, or another origin is asked. */
export async function open(
  fragment = "",
  options: BrowserContextOptions = {},
  prepare?: (page: Page) => Promise<void>,
): Promise<Page> {
  const isElsewhere = fragment.startsWith("http");
  const page = prepare || isElsewhere ? await make(options) : await take(options);
  await prepare?.(page);
  await page.goto(isElsewhere ? fragment : server.url + fragment);
  return page;
}

/** Opens a page whose clock the test moves. */
export async function openWithClock(fragment: string): Promise<Page> {
  const page = await take({}, "with a clock", (made) => made.clock.install());
  await page.goto(server.url + fragment);
  return page;
}

async function take(
  { viewport = SIZE, ...options }: BrowserContextOptions,
  key = JSON.stringify(options),
  prepare?: (page: Page) => Promise<void>,
): Promise<Page> {
  let page = kept.get(key)?.pop();
  if (!page) {
    page = await make(options);
    await prepare?.(page);
  }
  taken.push({ page, key });
  await page.setViewportSize(viewport ?? SIZE);
  return page;
}

async function make(options: BrowserContextOptions): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  // On a machine that runs other tests beside; git-cinnabar's programs take 15 seconds alone.
  page.setDefaultTimeout(120_000);
  page.on("pageerror", (error) => errors.push(error.message));
  // The server's policy is strict: what it refuses is told here.
  page.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) errors.push(message.text());
  });
  return page;
}

/** A server of other origins: gives what `answer` says of a path, to everybody, as those of static pages do. */
export async function serveElsewhere(
  answer: (
    path: string,
  ) => Promise<{ body: string | Uint8Array; type?: string; status?: number } | undefined>,
  headers: Record<string, string> = { "access-control-allow-origin": "*" },
): Promise<{ port: number; close: () => void }> {
  const server = createServer(async ({ url = "/" }, response) => {
    const found = await answer(url.replace(/\?.*$/, "")).catch(() => undefined);
    const type = found?.type ?? "application/octet-stream";
    response.writeHead(found ? (found.status ?? 200) : 404, { ...headers, "content-type": type });
    response.end(found?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

const TYPES: Record<string, string> = {
  html: "text/html",
  js: "text/javascript",
  css: "text/css",
  wasm: "application/wasm",
};

/** The page, below a path of a server that says nothing of a policy. */
export async function servePageBelow(path: string) {
  return serveElsewhere(async (asked) => {
    if (!asked.startsWith(path)) return undefined;
    const name = asked.slice(path.length) || "index.html";
    return { body: await readFile(join(folder, name)), type: TYPES[name.split(".").at(-1) ?? ""] ?? "" };
  });
}

/** Waits until a place is shown, and not by the view that is about to be replaced. */
export async function shown(page: Page, position: string): Promise<void> {
  const view = page.locator('main[aria-busy="false"]');
  await view.getByText(`${position} operations`, { exact: true }).waitFor();
}

/** A figure of the table of counters. */
export async function counter(page: Page, path: string, side: 0 | 1 | "difference" = 0): Promise<number> {
  const cell = page.locator(`td[data-counter="${path}"][data-column="${side}"]`);
  const value = await cell.getAttribute("data-value");
  if (value === null) throw new Error(`${path} of ${side} is not shown yet`);
  return Number(value);
}

/** Every figure of one side, compared with the library's. */
export async function expectCounters(page: Page, side: 0 | 1, counters: Counters): Promise<void> {
  const { faults, zeroed, bytes, touched, calls } = counters;
  const groups = { faults, zeroed, bytes, touched };
  const shownFigures: Record<string, number> = { calls: await counter(page, "calls", side) };
  const expected: Record<string, number> = { calls };
  for (const [group, figures] of Object.entries(groups)) {
    for (const [name, figure] of Object.entries(figures)) {
      expected[`${group}.${name}`] = figure;
      shownFigures[`${group}.${name}`] = await counter(page, `${group}.${name}`, side);
    }
  }
  expect(shownFigures).toEqual(expected);
}

/** A call of the page to one of its Workers, by name and argument. */
interface Call {
  name: string;
  argument: Record<string, unknown>;
}

/** Has no Worker hear of calls of a name, as if it were at them for ever. Returns what lets further ones through. */
export async function holdBack(page: Page, name: string): Promise<() => Promise<void>> {
  const held = await page.evaluateHandle((name) => {
    const held = new Set([name]);
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (call: Call) {
      if (!held.has(call.name)) post.call(this, call);
    };
    return held;
  }, name);
  return () => held.evaluate((names) => names.clear());
}

/**
 * Has Workers do less than the page asks of them by calls of a name. Returns what tells the arguments that it had.
 */
export async function askLess(page: Page, name: string, less: Call["argument"]) {
  const asked = await page.evaluateHandle(
    ({ name, less }) => {
      const asked: Call["argument"][] = [];
      const post = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (call: Call) {
        if (call.name !== name) return post.call(this, call);
        asked.push(call.argument);
        post.call(this, { ...call, argument: { ...call.argument, ...less } });
      };
      return asked;
    },
    { name, less },
  );
  return () => asked.jsonValue();
}

/** What axe finds wrong: nothing. */
export async function expectNoViolations(page: Page): Promise<void> {
  // Not as a script of the page, which its policy refuses.
  await page.evaluate(await AXE);
  const violations = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof Axe }).axe.run({
      resultTypes: ["violations"],
    });
    return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
  });
  expect(violations).toEqual([]);
}

export const scrubTo = (page: Page, position: number) => page.locator("#scrub").fill(String(position));

/** Drops a file, as from a folder of this computer. */
export async function drop(
  page: Page,
  name: string,
  content: string | Uint8Array,
  on = "body",
): Promise<void> {
  // Of an array Playwright would look at each number, seconds for some ten thousand.
  const dropped = { name, packed: Buffer.from(content).toString("base64"), on };
  await page.evaluate(({ name, packed, on }) => {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector(on)?.dispatchEvent(event);
  }, dropped);
}

export const LEFT = "[data-side=left] canvas";
export const RIGHT = "[data-side=right] canvas";
