import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

// Files the repository holds, or will when they are added.
const TRACKED = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path && existsSync(join(ROOT, path)));

/** What users import. */
const ENTRIES = ["src/index.ts", "src/foreign.ts", "src/conformance.ts", "src/testing.ts", "src/vitest.ts"];

/** The one file that asks for test runners, where there are any, and those that it knows. */
const RUNNER = "src/testing/runner.ts";
const RUNNERS = ["vitest", "node:test"];

/** A file's imports but for test runners where they may be. */
const withoutRunners = (file: string, imports: string[]) =>
  file === RUNNER ? imports.filter((name) => !RUNNERS.includes(name)) : imports;

/** A Worker of Node, and one of a sandboxed frame, is given the URL of what it is to be. */
const isOwnWorker = (file: string, name: string) =>
  (file === "src/jail/worker.node.ts" && name === "workerData") ||
  (file === "src/web/own-worker.ts" && name === "place");

/** The doors to the host; behind them only the web's variants have to be free of Node. */
const DOORS: Record<string, string> = {
  "#read-module": "src/base/read-module.web.ts",
  "#worker": "src/jail/worker.web.ts",
};

/** What both halves share: the lowest floor of either. */
const isShared = (name: string) => name.startsWith("#shared/");

/** Everything the library may import besides itself. */
const CORE_PACKAGES = ["@assemblyscript/loader"];

// Lowest first: a file imports only what stands before it in its list. A new one is put into the list.
const WEB = words(
  "dom announcer sheet-elements plain-name tape count-name page-runs inside layout kinds playback protocol measure playable module remote state differences program-name link live-paths checkpoints player profile-file site-picture own-experiments settings-search others worker own-worker client session files intake address-bar problem story telling busy counters legend punchline headline figures guide-programs guides stories guide-panel menus embed " +
    "map-text program-panel page-map map-hands maps call-tree inside-panel side-panel timeline transport check counted-range divergence call-path-chart map-pictures chart-list charts allocator-form assumption setup support version share showing offline service-worker vite main",
);

/** What a model may see of the machine: the system calls, memory, how to say no, and constants. */
const MODEL_MACHINE = words("kernel access paths failure frames layout call-log clock");

/** What the page may import of the library besides what draws its records; foreign modules only when one is there. */
const PAGE_IMPORTS = words(
  "src/index.ts src/foreign.ts src/conformance/checklist.ts src/jail/worker.web.ts src/foreign/open.ts src/profile/pprof-bytes.ts src/profile/measures.ts src/profile/call-graph.ts src/profile/excess.ts src/base/numbers.ts src/base/settings.ts src/sandbox/options.ts src/tune/chart.ts src/tune/score.ts src/tune/sheet.ts src/tune/tune.ts " +
    "src/sandbox/option-text.ts",
);
const PAGE_ROOMS = words("src/allocator src/results src/report src/experiments");

function words(text: string): string[] {
  return text.split(" ");
}

type Graph = Map<string, string[]>;

/** What each file of a tree imports, types too: relative imports as paths from the root, others as they are. */
function importsOf(tree: string): Graph {
  const files = readdirSync(join(ROOT, tree), { recursive: true, encoding: "utf8" })
    .map((path) => join(tree, path))
    .filter((path) => path.endsWith(".ts"));
  return new Map(
    files.map((file) => [
      file,
      specifiers(readFileSync(join(ROOT, file), "utf8")).map((name) => resolve(file, name)),
    ]),
  );
}

function specifiers(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  const statements = code.matchAll(/^\s*(?:import|export)\b[^;"'`()=]*?\bfrom\s*["']([^"']+)["']/gm);
  const effects = code.matchAll(/^\s*import\s*["']([^"']+)["']/gm);
  // Of a computed import this gives the expression, which no rule below allows.
  const calls = code.matchAll(/\bimport\s*\(\s*["'`]?([^"'`)]+)/g);
  return [...statements, ...effects, ...calls].map((match) => match[1] as string);
}

/** AssemblyScript leaves extensions out; TypeScript writes the .js it will become. */
function resolve(file: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  const base = normalize(join(dirname(file), specifier)).replace(/\.js$/, "");
  const candidates = [base, `${base}.ts`, `${base}.d.ts`, join(base, "index.ts")];
  const found = candidates.find((path) => path.includes(".") && existsSync(join(ROOT, path)));
  return found ?? base;
}

/** The files of the first cycle found, or an empty list. */
function findCycle(graph: Graph): string[] {
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

/** What a file says in words: all of a document, the comments of a source. */
function wordsOf(file: string): string {
  const text = readFileSync(join(ROOT, file), "utf8");
  if (file.endsWith(".md")) return text;
  const comments = text.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gm);
  return [...comments].map(([comment]) => comment).join("\n");
}

/** The sources and documents that a text names, by their whole path or the end of it. NAME stands for any. */
function namedFiles(text: string): string[] {
  const names = text.matchAll(/(?<![\w.*/-])\w[\w./-]*\.(?:ts|mjs|c|md)\b/g);
  return [...names].map(([name]) => name).filter((name) => !name.includes("NAME"));
}

/** Where the links of a document lead that are not addresses: a path, and perhaps a heading. */
function linksOf(text: string): { path: string; heading: string }[] {
  const links = text.matchAll(/\]\((?![a-z]+:)([^)#]*)(?:#([^)]*))?\)/g);
  return [...links].map(([, path = "", heading = ""]) => ({ path, heading }));
}

/** The headings of a document, as links name them. */
function headingsOf(text: string): string[] {
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replace(/ /g, "-");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => slug(heading));
}

/** Every import, as `file -> imported`, that `allowed` turns down. */
function offences(graph: Graph, allowed: (file: string, imported: string) => boolean): string[] {
  return [...graph].flatMap(([file, imports]) =>
    imports.filter((imported) => !allowed(file, imported)).map((imported) => `${file} -> ${imported}`),
  );
}

/** Imports inside `folder` that do not go to a lower layer or stay in their own folder, and files without a layer. */
function notDown(graph: Graph, folder: string, layers: string[]): string[] {
  const layer = (path: string) => {
    const name = nameBelow(folder, path);
    return layers.indexOf(layers.includes(name) ? name : name.replace(/\.ts$/, ""));
  };
  const unplaced = [...graph.keys()].filter((file) => layer(file) < 0);
  const up = offences(graph, (file, imported) => {
    const inOneFolder = layer(file) === layer(imported) && dirname(file) !== folder;
    return inOneFolder || layer(imported) < layer(file);
  });
  return [...unplaced.map((file) => `${file} has no place in the list of layers`), ...up];
}

/** The name, directly below `folder`, of the file or folder that `path` is or is in. */
function nameBelow(folder: string, path: string): string {
  return relative(folder, path).split("/")[0] as string;
}

/** The rooms of a tree, lowest first, as its README lists them. A file has its ending where a folder is called the same. */
function floorsOf(tree: string, list = "floors"): string[] {
  const readme = readFileSync(join(ROOT, tree, "README.md"), "utf8");
  const listed = new RegExp(`^\`\`\`${list}\\n([\\s\\S]*?)^\`\`\``, "m").exec(readme)?.[1] ?? "";
  return [...listed.matchAll(/^([\w.-]+)/gm)].map((match) => match[1] as string);
}

const isIn = (folder: string, path: string) => path.startsWith(`${folder}/`);

const isModel = (file: string) => /^export class Model\b/m.test(readFileSync(join(ROOT, file), "utf8"));

describe("assembly/", () => {
  const graph = importsOf("assembly");

  it("has no import cycle", () => {
    expect(findCycle(graph)).toEqual([]);
  });

  it("imports nothing from outside", () => {
    expect(offences(graph, (_, imported) => isIn("assembly", imported))).toEqual([]);
  });

  it("imports strictly down", () => {
    expect(notDown(graph, "assembly", floorsOf("assembly"))).toEqual([]);
  });

  it("has a machine that knows nothing else and imports strictly down", () => {
    const machine = new Map([...graph].filter(([file]) => isIn("assembly/machine", file)));
    const known = ["assembly/machine", "assembly/shared"];
    expect(offences(machine, (_, imported) => known.some((folder) => isIn(folder, imported)))).toEqual([]);
    expect(notDown(machine, "assembly/machine", floorsOf("assembly", "floors machine"))).toEqual([]);
  });

  it("has a heap that stands alone and imports strictly down", () => {
    const heap = new Map([...graph].filter(([file]) => isIn("assembly/heap", file)));
    expect(heap.size).toBeGreaterThan(0);
    expect(offences(heap, (_, imported) => isIn("assembly/heap", imported))).toEqual([]);
    expect(notDown(heap, "assembly/heap", floorsOf("assembly", "floors heap"))).toEqual([]);
  });

  it("has files that the other half compiles too, which import nothing", () => {
    const shared = new Map([...graph].filter(([file]) => isIn("assembly/shared", file)));
    expect(shared.size).toBeGreaterThan(0);
    expect(offences(shared, () => false)).toEqual([]);
  });

  it("shows a model only its own folder, the contract, shared helpers, and its part of the machine", () => {
    const models = new Map([...graph].filter(([file]) => isIn("assembly/allocators", file)));
    expect(
      offences(models, (file, imported) => {
        if (isIn("assembly/machine", imported)) {
          return MODEL_MACHINE.includes(nameBelow("assembly/machine", imported).replace(/\.ts$/, ""));
        }
        if (isIn("assembly/shared", imported)) return true;
        if (file === "assembly/allocators/below.ts") return isModel(imported);
        if (dirname(imported) === dirname(file) && dirname(file) !== "assembly/allocators") return true;
        return dirname(imported) === "assembly/allocators" && !isModel(imported);
      }),
    ).toEqual([]);
  });
});

describe("src/", () => {
  const graph = importsOf("src");

  it("has no import cycle", () => {
    expect(findCycle(graph)).toEqual([]);
  });

  it("has rooms that import strictly down, types included", () => {
    const within = new Map(
      [...graph].map(([file, imports]) => [file, imports.filter((name) => isIn("src", name))]),
    );
    expect(notDown(within, "src", floorsOf("src"))).toEqual([]);
  });

  it.each([
    ["wasm", ["base"]],
    ["meter", ["base", "wasm"]],
  ])("has a room %s that stands on nothing but %s", (room, below) => {
    const files = new Map([...graph].filter(([file]) => isIn(`src/${room}`, file)));
    const allowed = [room, ...below].map((name) => `src/${name}`);
    expect(files.size).toBeGreaterThan(1);
    expect(
      offences(
        files,
        (_, name) => name in DOORS || isIn("#shared", name) || allowed.some((folder) => isIn(folder, name)),
      ),
    ).toEqual([]);
  });

  it("finds an import that points up", () => {
    const up = new Map([["src/base/bytes.ts", ["src/report/json.ts"]]]);
    expect(notDown(up, "src", floorsOf("src"))).toEqual(["src/base/bytes.ts -> src/report/json.ts"]);
  });

  it("has a page that is a client of the library and the reports, and imports strictly down", () => {
    const page = new Map([...graph].filter(([file]) => isIn("src/web", file)));
    page.delete("src/web/vite.config.ts");
    const within = new Map(
      [...page].map(([file, imports]) => [file, imports.filter((name) => isIn("src/web", name))]),
    );
    expect(notDown(within, "src/web", WEB)).toEqual([]);
    expect(
      offences(
        page,
        (file, name) =>
          isIn("src/web", name) ||
          PAGE_ROOMS.some((room) => isIn(room, name)) ||
          PAGE_IMPORTS.includes(name) ||
          isOwnWorker(file, name),
      ),
    ).toEqual([]);
    expect(offences(graph, (file, name) => isIn("src/web", file) || !isIn("src/web", name))).toEqual([]);
  });

  it("says where its files lie so that bundlers find them, and find no others", () => {
    const made = /new URL\(\s*`[^`]*`,\s*import\.meta\.url/;
    const files = [...graph.keys()].filter(
      (file) => !isIn("src/cli", file) && !isIn("src/record/native", file),
    );
    expect(files.filter((file) => made.test(readFileSync(join(ROOT, file), "utf8")))).toEqual([]);
  });

  it("names each file as the package exports it", () => {
    const files = [...graph.keys()].flatMap((file) => {
      const text = readFileSync(join(ROOT, file), "utf8");
      return [
        ...text.matchAll(/name: "wasm\/([\w.-]+)",\s*url: \(\) =>\s*new URL\("(?:\.\.\/)+build\/([^"]+)"/g),
      ];
    });
    expect(files.length).toBeGreaterThan(25);
    expect(files.filter(([, name, place]) => name !== place)).toEqual([]);
  });

  it("names libraries of others in src/libraries/ alone, whose files the build fills", () => {
    const isPackage = (name: string) =>
      !/^(src|assembly|node:|#)/.test(name) && !CORE_PACKAGES.includes(name);
    const outside = new Map(
      [...graph]
        .filter(([file]) => !isIn("src/libraries", file))
        .map(([file, imports]) => [file, withoutRunners(file, imports)]),
    );
    expect(
      offences(
        outside,
        (file, name) => !isPackage(name) || file === "src/web/vite.config.ts" || isOwnWorker(file, name),
      ),
    ).toEqual([]);
  });

  it.each(ENTRIES)(
    "has a core that runs in any host: %s needs no Node built-in and no package but the loader",
    (entry) => {
      const core: Graph = new Map();
      const pending = [entry];
      for (let file = pending.pop(); file; file = pending.pop()) {
        const imports = graph.get(file);
        if (!imports || core.has(file)) continue;
        core.set(file, withoutRunners(file, imports));
        pending.push(...imports.map((name) => DOORS[name] ?? name));
      }
      expect(core.size).toBeGreaterThan(1);
      expect(
        offences(
          core,
          (_, name) => isIn("src", name) || isShared(name) || name in DOORS || CORE_PACKAGES.includes(name),
        ),
      ).toEqual([]);
    },
  );
});

describe("the repository", () => {
  it("keeps its top level", () => {
    const allowed = words(
      "package.json tsconfig.json asconfig.json assembly src test bench " +
        "README.md LICENSE CHANGELOG.md CONTRIBUTING.md SECURITY.md package-lock.json biome.json vitest.config.ts typedoc.json",
    );
    const top = new Set(TRACKED.map((path) => path.split("/")[0] as string));
    expect([...top].filter((name) => !name.startsWith(".") && !allowed.includes(name))).toEqual([]);
  });

  it("holds no compiled output beside the sources, where it would shadow them", () => {
    expect(TRACKED.filter((path) => /^(src|test|bench)\/.*\.(js|js\.map|d\.ts)$/.test(path))).toEqual([]);
  });

  it("names no file that is not there, in comments and documents", () => {
    const sources = TRACKED.filter((path) => /\.(ts|mjs|c|md)$/.test(path));
    const isThere = (name: string) => TRACKED.some((path) => path === name || path.endsWith(`/${name}`));
    const named = sources.flatMap((file) => namedFiles(wordsOf(file)).map((name) => ({ file, name })));
    expect(named.length).toBeGreaterThan(100);
    const missing = named.filter(({ name }) => !isThere(name));
    expect(missing.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });

  it("has no link to a file or a heading that is not there", () => {
    const documents = TRACKED.filter((path) => path.endsWith(".md"));
    const links = documents.flatMap((file) =>
      linksOf(wordsOf(file)).map(({ path, heading }) => ({
        name: `${file}: ${path}#${heading}`,
        target: path === "" ? file : join(dirname(file), path),
        heading,
      })),
    );
    expect(links.length).toBeGreaterThan(50);
    const broken = links.filter(
      ({ target, heading }) =>
        !existsSync(join(ROOT, target)) || (heading !== "" && !headingsOf(wordsOf(target)).includes(heading)),
    );
    expect(broken.map(({ name }) => name)).toEqual([]);
  });

  it("has no marks of a merge that was not finished", () => {
    const mark = /^(<{7}|>{7}) /m;
    expect(TRACKED.filter((file) => mark.test(readFileSync(join(ROOT, file), "latin1")))).toEqual([]);
  });

  it("names no path of one machine", () => {
    const path = new RegExp(
      ["work/", "root/", "home/[a-z]"].map((name) => `(?<![\\w.~*])/${name}`).join("|"),
    );
    const holding = TRACKED.filter((file) => path.test(readFileSync(join(ROOT, file), "latin1")));
    expect(holding).toEqual([]);
  });

  it("names no registry in the lock file, and every package's version", () => {
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
    for (const [path, entry] of Object.entries<Record<string, unknown>>(lock.packages)) {
      expect(entry, path).not.toHaveProperty("resolved");
      expect(entry, path).toHaveProperty("version");
    }
  });
});
