/**
 * Tries modules of packages as a new user would, by `zeropage check`, and prints a table of what became of each:
 *
 *      npx tsx test/foreign/npm-modules.ts FOLDER [WORD…]     of packages below FOLDER/node_modules, which npm fetches
 *                                                             if they are not there; only those with a WORD in them
 *
 * Needs a build. Modules of tens of megabytes take minutes. src/foreign/npm-modules.md has what it printed last.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Outcome } from "../../src/conformance/check.js";
import type { Provision } from "../../src/foreign/provisions.js";

const run = promisify(execFile);

/** Package with version, and modules in it. */
const MODULES: readonly (readonly [name: string, ...files: string[]])[] = [
  ["wasmoon@1.16.0", "dist/glue.wasm"],
  ["vscode-oniguruma@2.0.1", "release/onig.wasm"],
  ["wasm-vips@0.0.19", "lib/vips.wasm", "lib/vips-resvg.wasm"],
  ["sql.js@1.17.0", "dist/sql-wasm.wasm"],
  ["@resvg/resvg-wasm@2.6.2", "index_bg.wasm"],
  ["esbuild-wasm@0.28.2", "esbuild.wasm"],
  ["@jitl/quickjs-wasmfile-release-sync@0.32.0", "dist/emscripten-module.wasm"],
  ["@jitl/quickjs-wasmfile-release-asyncify@0.32.0", "dist/emscripten-module.wasm"],
  ["libarchive.js@2.0.2", "dist/libarchive.wasm"],
  ["draco3d@1.5.9", "draco_decoder.wasm", "draco_encoder.wasm"],
  ["box2d-wasm@7.0.0", "dist/es/Box2D.simd.wasm"],
  ["argon2-browser@1.18.0", "dist/argon2.wasm", "dist/argon2-simd.wasm"],
  ["@bokuweb/zstd-wasm@0.0.27", "dist/common/zstd.wasm"],
  ["lightningcss-wasm@1.33.0", "lightningcss_node.wasm"],
  ["@swc/wasm@1.16.18", "wasm_bg.wasm"],
  ["@biomejs/wasm-nodejs@2.5.14", "biome_wasm_bg.wasm"],
  ["@silvia-odwyer/photon-node@0.3.4", "photon_rs_bg.wasm"],
  ["@rollup/wasm-node@4.68.4", "dist/wasm-node/bindings_wasm_bg.wasm"],
  ["@sqlite.org/sqlite-wasm@3.41.2", "sqlite-wasm/jswasm/sqlite3.wasm"],
  ["node-sqlite3-wasm@0.8.60", "dist/node-sqlite3-wasm.wasm"],
  ["@duckdb/duckdb-wasm@1.32.0", "dist/duckdb-eh.wasm", "dist/duckdb-coi.wasm"],
  ["@electric-sql/pglite@0.5.17", "dist/pglite.wasm", "dist/initdb.wasm"],
  ["@ffmpeg/core@0.12.10", "dist/esm/ffmpeg-core.wasm"],
  ["@jsquash/avif@2.1.1", "codec/enc/avif_enc_mt.wasm"],
  ["@jsquash/jxl@1.3.0", "codec/enc/jxl_enc_mt_simd.wasm", "codec/dec/jxl_dec.wasm"],
  [
    "@tensorflow/tfjs-backend-wasm@4.22.0",
    "dist/tfjs-backend-wasm-simd.wasm",
    "dist/tfjs-backend-wasm-threaded-simd.wasm",
  ],
  ["onnxruntime-web@1.30.0", "dist/ort-wasm-simd-threaded.wasm"],
  ["pyodide@314.0.7", "pyodide.asm.wasm"],
];

const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const MOST_OUTPUT = 64 * 2 ** 20;

interface Report {
  module: { convention: string; functions: Record<string, Provision> } | null;
  outcomes: Outcome[];
}

const nameOf = (versioned: string) => versioned.replace(/(?<=.)@.*/, "");

async function main([folder, ...words]: string[]): Promise<void> {
  if (!folder) throw new Error("name a folder for the packages");
  await fetchMissing(folder);
  console.log("| package | module | size | opens | cases passed, skipped, failed |\n|---|---|---|---|---|");
  for (const [versioned, ...files] of MODULES) {
    for (const file of files) {
      if (words.length > 0 && !words.some((word) => `${versioned}/${file}`.includes(word))) continue;
      const path = join(folder, "node_modules", nameOf(versioned), file);
      const mib = (readFileSync(path).length / 2 ** 20).toFixed(1);
      console.log(
        `| ${versioned.replace(/(?<=.)@/, " ")} | \`${file}\` | ${mib} MiB | ${await rowOf(path)} |`,
      );
    }
  }
}

async function fetchMissing(folder: string): Promise<void> {
  const missing = MODULES.map(([name]) => name).filter(
    (name) => !existsSync(join(folder, "node_modules", nameOf(name))),
  );
  if (missing.length === 0) return;
  const flags = ["--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"];
  await run("npm", ["install", ...flags, ...missing], { maxBuffer: MOST_OUTPUT });
}

/** The last two cells of a module's row. */
async function rowOf(path: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [CLI, "check", path, "--json"], {
    maxBuffer: MOST_OUTPUT,
  }).catch((error: { stdout: string; stderr: string }) => error);
  const report = stdout ? (JSON.parse(stdout) as Report) : null;
  if (!report?.module) return `no: ${reasonOf(stderr)} | -`;
  const { convention, functions } = report.module;
  const own = Object.values(functions).flatMap((one) => ("native" in one ? [one.native] : []));
  const count = (state: Outcome["state"]) => report.outcomes.filter((one) => one.state === state);
  const passed = count("pass").length + count("composed").length;
  const failed = [...count("fail"), ...count("undecided")].map(({ name, state }) => `${name} (${state})`);
  const names = [...new Set(own)].map((name) => `\`${name}\``).join(" ");
  return `${convention}: ${names} | ${passed}, ${count("skip").length}, ${failed.length}${failed.length > 0 ? `: ${failed.join(", ")}` : ""}`;
}

/** The first sentence of an error, without the path. */
const reasonOf = (stderr: string) =>
  stderr
    .trim()
    .replace(/^zeropage: (cannot use ".*?": )?/, "")
    .replace(/(, so what it gives|: name them| \().*$/s, "");

await main(process.argv.slice(2));
