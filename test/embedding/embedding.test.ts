import { createReadStream, existsSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import { type Browser, chromium } from "playwright";
import { createServer as createViteServer } from "vite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { chromiumLaunchOptions, findChromium } from "../chromium.js";
import { bundlers, copyFiles, makePage, type Page, writeEntries } from "./bundlers.js";
import { run, unpackInto } from "./package.js";

// Bundlers and Chromium, on a machine that runs other tests beside.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const HERE = fileURLToPath(new URL(".", import.meta.url));
const executable = findChromium();

/** Everything forbidden but the page's own files, and wasm. */
const policyOf = ({ scripts = "" }: Page) =>
  `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' ${scripts}; connect-src 'self'; worker-src 'self'`;

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

let root: string;
let expected: string;
let browser: Browser | undefined;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "zeropage-embedding-"));
  await unpackInto(root);
  await cp(join(HERE, "program.mjs"), join(root, "program.mjs"));
  await cp(join(HERE, "../foreign/built/as-tlsf.wasm"), join(root, "own.wasm"));
  await writeFile(join(root, "package.json"), `{"type":"module"}`);
  await writeEntries(root);
  await writeFile(join(root, "node.js"), NODE);
  expected = await inNode("node.js");
  if (executable) browser = await chromium.launch(chromiumLaunchOptions(executable));
});

afterAll(async () => {
  await browser?.close();
  if (root) await rm(root, { recursive: true, force: true });
});

const NODE = `import { run } from "./program.mjs"; run("own.wasm").then(console.log, (error) => console.log(String(error)));`;

const inNode = async (file: string) => (await run("node", [file], { cwd: root })).stdout.trim();

describe.skipIf(!executable)("in a browser that allows a page nothing but its own files and wasm", () => {
  it.each(Object.keys(bundlers))("a page made with %s counts what Node counts", async (name) => {
    const page = await makePage(root, name);
    const server = await serve(page);
    try {
      expect(await resultsOf(addressOf(server))).toBe(expected);
    } finally {
      server.close();
    }
  });
});

describe("a Worker that is not where it is looked for is told, with the remedy,", () => {
  it.skipIf(!executable)("in a page", async () => {
    const page = await makePage(root, "esbuild");
    await rm(join(page.folder, "zeropage/worker.js"));
    const server = await serve(page);
    const address = addressOf(server);
    try {
      expect(await resultsOf(address)).toBe(
        `FileError: the Worker did not load from ${address}zeropage/worker.js: say with locateFiles where zeropage/worker.js lies`,
      );
    } finally {
      server.close();
    }
  });

  it("in Node", async () => {
    const lost = `locateFiles((name) => (name === "worker.js" ? "nowhere.js" : undefined));`;
    await writeFile(join(root, "lost.js"), `import { locateFiles } from "zeropage"; ${lost} ${NODE}`);
    expect(await inNode("lost.js")).toMatch(
      /^FileError: there is no Worker at file:\S+nowhere\.js: say with locateFiles where zeropage\/worker\.js lies$/,
    );
  });
});

it.skipIf(!executable)("a page on Vite's development server counts what Node counts", async () => {
  await writeFile(
    join(root, "index.html"),
    `<!doctype html><title>dev</title><script type="module" src="./found.js"></script>`,
  );
  const server = await createViteServer({
    ...{ root, configFile: false, logLevel: "error", optimizeDeps: { exclude: ["zeropage"] } },
    server: { port: 0, watch: null },
  });
  await server.listen();
  try {
    expect(await resultsOf(server.resolvedUrls?.local[0] as string)).toBe(expected);
  } finally {
    await server.close();
  }
});

describe("a program that esbuild made one file of for Node", () => {
  const bundle = async (entry: string, format: "esm" | "cjs") => {
    const outfile = join(root, `bundled/${format}.${format === "esm" ? "mjs" : "cjs"}`);
    const options = { bundle: true, platform: "node", format, outfile, logLevel: "error" } as const;
    await esbuild({ entryPoints: [join(root, entry)], ...options });
    return outfile;
  };

  it.each(["esm", "cjs"] as const)(
    "as %s counts the same where it is told where the files lie",
    async (format) => {
      await copyFiles(root, join(root, "files"));
      const told = `import { locateFiles } from "zeropage"; locateFiles((name) => "files/" + name); ${NODE}`;
      await writeFile(join(root, "told-node.js"), told);
      expect(await inNode(await bundle("told-node.js", format))).toBe(expected);
    },
  );

  it.each(["esm", "cjs"] as const)("as %s says what to do where it is not", async (format) => {
    expect(await inNode(await bundle("node.js", format))).toMatch(
      /^FileError: .*: say with locateFiles where zeropage\/wasm\/glibc\.wasm lies$/,
    );
  });
});

async function serve(page: Page): Promise<Server> {
  const server = createServer(({ url = "/" }, response) => {
    const path = join(page.folder, url === "/" ? "index.html" : decodeURIComponent(url));
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": TYPES[extname(path)] ?? "application/octet-stream",
      "content-security-policy": policyOf(page),
    });
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

/** What the page at an address leaves in `results`. */
async function resultsOf(url: string): Promise<unknown> {
  const page = await (browser as Browser).newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  try {
    await page.goto(url);
    // Not waitForFunction, which evaluates text, as the policy of the page forbids.
    await expect
      .poll(async () => errors[0] ?? (await page.evaluate("globalThis.results")), { timeout: 300_000 })
      .toBeDefined();
    return errors[0] ?? (await page.evaluate("globalThis.results"));
  } finally {
    await page.close();
  }
}
