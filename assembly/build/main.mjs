/**
 * `npm run build [NAME...]`: builds dist/, which has the list of models, then the stale modules. NAME is as in
 * build/NAME.wasm. Without names, builds all modules that are needed to run.
 */
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { emitLibrary } from "./library.mjs";
import { chooseModules, listModules } from "./modules.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** @returns {Promise<typeof import("../../src/sandbox/models.js") & typeof import("../../src/sandbox/instance.js")>} */
async function importLibrary() {
  const files = ["sandbox/models.js", "sandbox/instance.js"].map(
    (name) => new URL(`../../dist/${name}`, import.meta.url).href,
  );
  return Object.assign({}, ...(await Promise.all(files.map((file) => import(file)))));
}

try {
  await emitLibrary(ROOT);
  const { models, GLOBAL_PREFIX } = await importLibrary();
  const wanted = chooseModules(listModules(models, GLOBAL_PREFIX), process.argv.slice(2));
  await build(ROOT, wanted, (_, [file]) => console.log(`build/${file}`));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
