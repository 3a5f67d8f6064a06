/** Programs of others that use their allocator inside, each with the code that it comes with. */
import { fixtureBytes } from "../foreign/replays.js";

/** What a program computes, as text; it is more with a larger scale. */
type Compute = (scale?: number) => Promise<string>;

/** What stands in the place of a module. */
interface Replaced {
  module: WebAssembly.Module;
  wasm: Uint8Array<ArrayBuffer>;
}

export interface App {
  /** Its module. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** Starts it with a module in place of its own. What is computed comes later. */
  start(replaced: Replaced): Promise<Compute>;
}

/** Vite would take a URL that is written out for that of a file to be copied. */
const { url: HERE } = import.meta;
const PACKAGES = new URL("../../node_modules/", HERE);
let copies = 0;

/** A script of a package, anew: most keep their instance to themselves. */
// biome-ignore lint/suspicious/noExplicitAny: scripts of others
const script = (path: string): Promise<any> =>
  import(/* @vite-ignore */ `${new URL(path, PACKAGES).href}?copy=${++copies}`);

const read = async (path: string) => {
  const { readModule } = await import("#read-module");
  const file = await readModule(new URL(path, PACKAGES));
  return new Uint8Array(
    file instanceof Response ? await file.arrayBuffer() : (file as Uint8Array<ArrayBuffer>),
  );
};

/** What emscripten's scripts let a page do instead of them. */
const instead = (module: WebAssembly.Module) => ({
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) {
    WebAssembly.instantiate(module, imports).then((instance) => done(instance, module));
    return {};
  },
});

const text = (lines: number) =>
  Array.from({ length: lines }, (_, i) => `{"line": ${i}, "of": [${i * i}, "${"x".repeat(i % 50)}"]}`).join(
    ",\n",
  );
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const apps: Record<string, App> = {
  "web-tree-sitter": {
    bytes: () => fixtureBytes("web-tree-sitter"),
    async start({ module }) {
      const { Parser, Language } = await script("web-tree-sitter/web-tree-sitter.js");
      await Parser.init(instead(module));
      const json = await Language.load(await read("tree-sitter-json/tree-sitter-json.wasm"));
      return async (scale = 1) => {
        const parser = new Parser();
        parser.setLanguage(json);
        const tree = parser.parse(`[${text(100 * scale)}]`);
        const parsed = tree.rootNode.toString();
        tree.delete();
        parser.delete();
        return parsed;
      };
    },
  },
  sqlite: {
    bytes: () => read("@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.wasm"),
    async start({ wasm }) {
      // Its script is for browsers, and fetches its module whatever it is told.
      const { fetch, self = globalThis } = globalThis;
      self.location ??= new URL("http://localhost/") as unknown as Location;
      const headers = { "content-type": "application/wasm" };
      Object.assign(globalThis, { self, fetch: async () => new Response(wasm, { headers }) });
      const { default: open } = await script("@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.mjs");
      const { oo1 } = await open({ print: () => {}, printErr: () => {} });
      globalThis.fetch = fetch;
      return async (scale = 1) => {
        const database = new oo1.DB(":memory:", "c");
        database.exec("create table t(a, b); create index i on t(b)");
        for (let i = 0; i < 100 * scale; i++)
          database.exec({ sql: "insert into t values(?, ?)", bind: [i, `text ${(i * 7) % 90}`] });
        const rows = database.selectArrays("select b, count(*), sum(a) from t group by b order by 3 desc");
        database.close();
        return JSON.stringify(rows);
      };
    },
  },
  brotli: {
    bytes: () => fixtureBytes("brotli"),
    async start({ module }) {
      const brotli = await script("brotli-wasm/pkg.web/brotli_wasm.js");
      await brotli.default(module);
      return async (scale = 1) =>
        hex(brotli.compress(new TextEncoder().encode(text(200 * scale)), { quality: 5 }));
    },
  },
  oxipng: {
    bytes: () => fixtureBytes("oxipng"),
    async start({ module }) {
      const oxipng = await script("@jsquash/oxipng/codec/pkg/squoosh_oxipng.js");
      oxipng.initSync(module);
      return async (scale = 1) => {
        const pixels = new Uint8ClampedArray(24 * scale * 24 * 4).map((_, i) => (i * 7 + (i >> 5)) & 255);
        return hex(oxipng.optimise_raw(pixels, 24 * scale, 24, 2, false, false));
      };
    },
  },
};
