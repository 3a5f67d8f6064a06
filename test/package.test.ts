import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright";
import { build, preview, type Rollup } from "vite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LICENSES } from "../assembly/build/bundle.mjs";
import { builtInModules } from "../src/allocator/built-in.js";
import { conformanceCases } from "../src/conformance.js";
import { chromiumLaunchOptions, findChromium } from "./chromium.js";
import { some } from "./thorough.js";
import { assemble } from "./wasm/assemble.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MODEL = "libmalloc";
/** Gzipped, the core module with one model. It has the words of all models: some 600 bytes for each that is real. */
const SIZE_BUDGET = 57_500;

// npm, tsc, vite and Chromium, on a machine that runs other tests beside.
vi.setConfig({ testTimeout: 200_000, hookTimeout: 300_000 });

const browser = findChromium();
const run = promisify(execFile);

/** Opens a sandbox, allocates, frees, and leaves what was counted in `counters`. */
const USE = `
  const { openSandbox } = await import("zeropage");
  const sandbox = await openSandbox("${MODEL}");
  const pointer = sandbox.calloc(1, 1 << 20);
  sandbox.free(pointer);
  const counters = JSON.stringify(sandbox.counters());
`;

/** An otherwise empty folder in which the package is installed, as a stranger's would be. */
let folder: string;
let packed: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zeropage-package-"));
  // Without scripts: `prepare` would build again, under the tests that are reading build/.
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await run("npm", pack, { cwd: ROOT });
  const [{ filename, files }] = JSON.parse(stdout);
  packed = files.map((file: { path: string }) => file.path);
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", `./${filename}`];
  await run("npm", install, { cwd: folder });
});

afterAll(async () => {
  if (folder) await rm(folder, { recursive: true, force: true });
});

it("the package holds what was built from these sources, and nothing else", () => {
  const expected =
    /^(package\.json|README\.md|LICENSE|build\/[\w.-]+\.wasm|build\/lib\/.+\.a|dist\/.+|assembly\/(collector|heap|runtime)\/[\w.-]+\.(ts|md)|assembly\/library\/zeropage\.\w+)$/;
  expect(packed.filter((path) => !expected.test(path))).toEqual([]);
  expect(packed).toEqual(
    expect.arrayContaining(["LICENSE", "README.md", "dist/index.js", "dist/index.d.ts"]),
  );
  expect(packed).toContain(`build/${MODEL}.wasm`);
  expect(packed).toContain("build/bench-empty.wasm");
  for (const { name } of builtInModules) expect(packed).toContain(`build/${name}.wasm`);
  expect(packed).toContain("dist/web/index.html");
  expect(readFileSync(join(ROOT, "dist/web/LICENSES.txt"), "utf8")).toContain("Apache License");
  expect(packed).toContain("dist/web/LICENSES.txt");
  expect(
    packed.filter((path) => /^dist\/web\/(.*\.wasm|assets\/(jail-worker|dagre)-.*)$/.test(path)),
    "what the page has of the package is packed once",
  ).toEqual([]);
  expect(packed).toContain("build/lib/libzeropage.a");
  // Chunks are of several sources. The build removes what it did not make: test/build.test.ts.
  const source = (path: string) =>
    path
      .replace(/^dist\/(?=shared\/)/, "assembly/")
      .replace(/^dist/, "src")
      .replace(/(\.d\.ts|\.js)$/, ".ts");
  const emitted = packed.filter((path) => /^dist\/(?!web\/|chunks\/)/.test(path) && path !== LICENSES);
  const stale = emitted.filter((path) => !existsSync(join(ROOT, source(path))));
  expect(stale).toEqual([]);
});

it("brings the loader and no other package, in 5 MB", async () => {
  const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8"));
  const packages = Object.keys(lock.packages).filter((path) => path !== "");
  expect(packages).toEqual(["node_modules/@assemblyscript/loader", "node_modules/zeropage"]);
  const files = await readdir(join(folder, "node_modules"), { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeLessThan(5_000_000);
  for (const name of ["commander", "dagre", "pprof-format"]) expect(await readLicenses()).toContain(name);
});

it("the page's dagre can be the command line's: it has the same names, and needs nothing of Node", async () => {
  const page = join(ROOT, "dist/web/assets");
  const [own = "", ...others] = (await readdir(page)).filter((name) => name.startsWith("dagre-"));
  expect(others).toEqual([]);
  const files = [join(page, own), join(folder, "node_modules/zeropage/dist/libraries/dagre.js")];
  const [there, here] = await Promise.all(files.map((file) => import(pathToFileURL(file).href)));
  expect(Object.keys(here).sort()).toEqual(Object.keys(there).sort());
  expect(/"node:|\brequire\b/.exec(await readFile(files[1] as string, "utf8"))).toBeNull();
});

const readLicenses = () => readFile(join(folder, "node_modules/zeropage", LICENSES), "utf8");

it("a program in Node uses the library", async () => {
  expect(JSON.parse(await countersInNode())).toMatchObject({ calls: 2 });
});

it("a program in Node jails a module of its own", async () => {
  await cp(join(ROOT, "test/foreign/built/as-tlsf.wasm"), join(folder, "own.wasm"));
  const program = `
    import { readFileSync } from "node:fs";
    import { readTrace } from "zeropage";
    import { replayInJail } from "zeropage/foreign";
    const trace = await readTrace(Buffer.from("c 0 1 100000\\nf 0\\n"));
    const { operations, report } = await replayInJail(readFileSync("own.wasm"), trace);
    console.log(operations, report.convention);
  `;
  const { stdout } = await run("node", ["--input-type=module", "-e", program], { cwd: folder });
  expect(stdout.trim()).toBe("2 c");
});

it.each(["incremental", "minimal"])(
  "a program of AssemblyScript imports the heap, and has its %s runtime",
  async (name) => {
    const program = `
    import { free, malloc, malloc_usable_size } from "zeropage/assembly/heap";
    export function run(count: i32): i32 {
      const block = malloc(100);
      const words = new Map<string, i32>();
      for (let i = 0; i < count; i++) words.set(i.toString(), i);
      assert(malloc_usable_size(block) >= 100);
      free(block);
      return words.size;
    }
  `;
    await writeFile(join(folder, "program.ts"), program);
    const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
    const runtime = `node_modules/zeropage/assembly/runtime/${name}`;
    await run(
      process.execPath,
      [asc, "program.ts", "--runtime", runtime, "--use", "abort=", "-o", "program.wasm"],
      {
        cwd: folder,
      },
    );
    const { instance } = await WebAssembly.instantiate(await readFile(join(folder, "program.wasm")));
    expect((instance.exports.run as (count: number) => number)(1000)).toBe(1000);
  },
);

it("a module that imports the heap's memory and functions has them", async () => {
  await writeFile(join(folder, "importing.wasm"), assemble(exampleIn("USING.md")));
  const program = `
    import { readFile } from "node:fs/promises";
    const path = new URL(import.meta.resolve("zeropage/heap.wasm"));
    const heap = await WebAssembly.instantiate(await readFile(path));
    const program = await WebAssembly.instantiate(await readFile("importing.wasm"), { heap: heap.instance.exports });
    const block = program.instance.exports.run();
    console.log(block % 16, new Uint8Array(heap.instance.exports.memory.buffer)[block]);
  `;
  const { stdout } = await run("node", ["--input-type=module", "-e", program], { cwd: folder });
  expect(stdout.trim()).toBe("0 1");
});

describe("tests of an allocator of one's own", () => {
  const runner = (name: string) => join(ROOT, "node_modules", name);

  beforeAll(async () => {
    await cp(join(ROOT, "build/heap.wasm"), join(folder, "mine.wasm"));
    await symlink(runner("vitest"), join(folder, "node_modules/vitest"));
  });

  it("run under Vitest as it is by default, as the document has them", async () => {
    const document = await readFile(join(ROOT, "src/testing/README.md"), "utf8");
    const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(document) ?? [];
    await writeFile(join(folder, "mine.test.ts"), example);
    const asked = some(conformanceCases, 16);
    const names = `( (${asked.map(({ name }) => name).join("|")}): )|leaves fresh memory alone$`;
    const how = ["--root", folder, "--reporter", "json", "--testNamePattern", names];
    const argv = [join(runner("vitest"), "vitest.mjs"), "run", ...how];
    const { stdout } = await run(process.execPath, argv, { cwd: folder, env: ownEnvironment() }).catch(
      (error) => error,
    );
    const { testResults, numTotalTests, numPassedTests } = JSON.parse(stdout);
    const failures = testResults.flatMap(({ assertionResults }: JsonFile) =>
      assertionResults.flatMap(({ failureMessages }) => failureMessages),
    );
    expect(failures).toEqual([]);
    // Of the model, whose addresses have 64 bits, the cases for 32 bits do not apply, nor those of memory that a program
    // grows and of posix_memalign.
    const ofModulesOnly = asked.filter(
      (one) => one.addressBits === 32 || ["foreign-growth", "posix-memalign"].includes(one.name),
    );
    expect({ numTotalTests, numPassedTests }).toEqual({
      numTotalTests: 2 * conformanceCases.length + 1,
      numPassedTests: 2 * asked.length + 1 - ofModulesOnly.length,
    });
  });

  it("run under Node's own runner, and fail in the words of the case", async () => {
    const program = `
      import { openWasmAllocator } from "zeropage";
      import { conformanceTests } from "zeropage/testing";
      const cases = ["calloc-fresh", "realloc-failed", "high-addresses"];
      conformanceTests((memoryBytes) => openWasmAllocator("as-tlsf", { memoryBytes }), { cases, memoryBytes: 2 ** 30 });
    `;
    await writeFile(join(folder, "own.test.mjs"), program);
    const argv = ["--test", "--test-reporter", "tap", "own.test.mjs"];
    const { stdout } = await run(process.execPath, argv, { cwd: folder, env: ownEnvironment() }).catch(
      (error) => error,
    );
    const lines = stdout.split("\n").map((line: string) => line.trim());
    expect(lines.filter((line: string) => /^(not )?ok \d+ - [a-z]+-[a-z]+: /.test(line))).toEqual([
      expect.stringMatching(/^ok 1 - calloc-fresh: calloc's memory is zero the first time/),
      expect.stringMatching(/^not ok 2 - realloc-failed: a realloc that fails keeps the block as it is$/),
      expect.stringMatching(
        /^ok 3 - high-addresses: .* # SKIP it needs 4294967296 bytes of memory: raise the limit$/,
      ),
    ]);
    expect(stdout).toContain("ModuleTrap: the module trapped: unreachable");
    expect(stdout).toMatch(/after malloc\(\d+\) = 0x[0-9a-f]+; realloc\(0x[0-9a-f]+, 314572800\)/);
  });
});

/** As much of what Vitest reports of a file as is used here. */
interface JsonFile {
  assertionResults: { failureMessages: string[] }[];
}

/** The variables of this process without what its Vitest says to its workers. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const isVitests = (name: string) => /^(VITEST|NODE_ENV$|NODE_TEST|TEST$|DEV$|PROD$|MODE$)/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isVitests(name)));
}

/** The module in a document of the heap's. */
function exampleIn(name: string): string {
  const text = readFileSync(join(ROOT, "assembly/heap", name), "utf8");
  return /```wat\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
}

it("the command runs", async () => {
  const { stdout } = await run("npx", ["--no", "zeropage", "models"], { cwd: folder });
  expect(stdout).toContain(MODEL);
});

it("a program in Node opens every built-in module by its name", async () => {
  const program = `
    import { builtInModules, openWasmAllocator } from "zeropage";
    for (const { name } of builtInModules) console.log((await openWasmAllocator(name)).malloc(100) > 0);
  `;
  const { stdout } = await run("node", ["--input-type=module", "-e", program], { cwd: folder });
  expect(stdout).toBe("true\n".repeat(builtInModules.length));
});

it("the command measures its own modules", async () => {
  const argv = ["bench", "--rounds", "1", "--passes", "1", "--workload", "zipf:ops=100", "--json"];
  const { stdout } = await run("npx", ["--no", "zeropage", ...argv], { cwd: folder });
  const { results, drivers } = JSON.parse(stdout);
  expect(results.map(({ outcome }: { outcome: { state: string } }) => outcome.state)).toEqual(
    builtInModules.map(() => "done"),
  );
  expect(drivers).toHaveLength(1);
});

const tscOfProject = [process.execPath, join(ROOT, "node_modules/typescript/bin/tsc")];
/** The least that README names. It is no dependency, as its command would take the other's place. */
const leastTsc = "npm exec --yes --prefer-offline --package=typescript@5.2.2 -- tsc".split(" ");

it.each([
  ["the project's own compiler", tscOfProject],
  ["TypeScript 5.2", leastTsc],
])(
  "the types hold in %s without skipLibCheck, and know models, options and values",
  async (_, [command = "", ...argv]) => {
    const program = `
    import { type Allocator, type Counters, locateFiles, openSandbox, recordModule, type Sandbox } from "zeropage";
    import { checkAllocator } from "zeropage/conformance";
    import { checkModule, replayInJail } from "zeropage/foreign";
    import { conformanceTests } from "zeropage/testing";
    const sandbox: Sandbox = await openSandbox("${MODEL}", { zeroing: "dirty", check: true });
    const pointer: number = sandbox.calloc(1, 4096);
    sandbox.free(pointer);
    export const counters: Counters = sandbox.counters();
    locateFiles((name: string) => new URL(name, "https://example.org/"));
    await WebAssembly.compile((await recordModule("own.wasm")).wasm);
    export { checkAllocator, checkModule, replayInJail };
    // @ts-expect-error: there is no such model
    await openSandbox("${MODEL}s");
    // @ts-expect-error: there is no such option
    await openSandbox("${MODEL}", { zeroings: "dirty" });
    // @ts-expect-error: the option has no such value
    await openSandbox("${MODEL}", { zeroing: "dirtied" });
    // @ts-expect-error: a type that were "any" would take this
    await openSandbox(42);
    conformanceTests((addressSpace) => openSandbox("glibc", { addressSpace }));
    declare const expect: (value: Allocator) => jest.Matchers<void>;
    expect(sandbox).toHaveFaulted({ zeroFill: 1, needless: { atMost: 2 } });
    {
      using other: Allocator = sandbox;
      other.free(0);
    }
  `;
    await writeFile(join(folder, "program.mts"), program);
    const options = "--noEmit --strict --target es2022 --module nodenext --lib es2022,dom".split(" ");
    const checking = run(command, [...argv, ...options, "program.mts"], { cwd: folder });
    // tsc says on stdout what is wrong, and npm on stderr.
    expect(
      await checking.then(
        () => "",
        ({ stdout, stderr }) => stdout || stderr,
      ),
    ).toBe("");
  },
  180_000,
);

it("a bundler finds the wasm, needs nothing of Node, and keeps the size budget", async () => {
  const { entry, wasm } = await bundlePage();
  for (const { code } of entry) expect(code).not.toMatch(/node:|__vite-browser-external/);
  const model = wasm.find((asset) => asset.names.includes(`${MODEL}.wasm`));
  if (!model) throw new Error(`no ${MODEL}.wasm among ${wasm.map((asset) => asset.fileName)}`);
  const bytes = [...entry.map((chunk) => chunk.code), model.source]
    .map((content) => gzipSync(content).length)
    .reduce((sum, length) => sum + length);
  expect(bytes).toBeLessThan(SIZE_BUDGET);
});

it.skipIf(!browser)("the bundled page, and a Worker of it, count in Chromium what Node counts", async () => {
  await bundlePage();
  const server = await preview({ ...page(), preview: { port: 0 } });
  const instance = await chromium.launch(chromiumLaunchOptions(browser as string));
  try {
    const tab = await instance.newPage();
    const errors: string[] = [];
    tab.on("pageerror", (error) => errors.push(error.message));
    await tab.goto(server.resolvedUrls?.local[0] as string);
    await tab.waitForFunction("globalThis.results", undefined, { timeout: 10_000 }).catch((error) => {
      throw new Error(`${error.message}\n${errors.join("\n")}`);
    });
    const counters = await countersInNode();
    expect(await tab.evaluate("globalThis.results")).toEqual({ page: counters, worker: counters });
  } finally {
    await instance.close();
    await server.close();
  }
});

async function countersInNode(): Promise<string> {
  const program = `${USE} console.log(counters);`;
  const { stdout } = await run("node", ["--input-type=module", "-e", program], { cwd: folder });
  return stdout.trim();
}

/** Vite's options for the page in `folder`. Without inlining: a small module would else become part of the code. */
const page = () => ({
  root: join(folder, "page"),
  configFile: false as const,
  logLevel: "error" as const,
  worker: { format: "es" as const },
  build: { assetsInlineLimit: 0, modulePreload: false as const, target: "es2022" },
});

/** Bundles the page. `entry` is the code that it loads first. */
async function bundlePage(): Promise<{ entry: Rollup.OutputChunk[]; wasm: Rollup.OutputAsset[] }> {
  const files = {
    "index.html": `<!doctype html><title>page</title><script type="module" src="./main.js"></script>`,
    "main.js": `
      import { openSandbox } from "zeropage";
      ${USE.replace(/.*import\(.*/, "")}
      const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }) => { globalThis.results = { page: counters, worker: data } };
    `,
    "worker.js": `${USE} postMessage(counters);`,
  };
  await mkdir(page().root, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(page().root, name), text);
  const { output } = (await build(page())) as Rollup.RollupOutput;
  const chunks = output.filter((file) => file.type === "chunk");
  const first = chunks.find((chunk) => chunk.isEntry);
  const names = new Set(first ? [first.fileName, ...first.imports] : []);
  return {
    entry: chunks.filter((chunk) => names.has(chunk.fileName)),
    wasm: output.filter((file) => file.type === "asset").filter((asset) => asset.fileName.endsWith(".wasm")),
  };
}
