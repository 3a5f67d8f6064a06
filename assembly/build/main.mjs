/**
 * `npm run build [NAME...]`: builds dist/, then the stale modules. NAME is as in
 * build/NAME.wasm. Without names, builds all modules that are needed to run.
 */
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { importSources } from "./bundle.mjs";
import { emitLibrary } from "./library.mjs";
import { chooseModules, listModules } from "./modules.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

try {
  await emitLibrary(ROOT);
  const { exports } = await importSources(ROOT, ["sandbox/models", "sandbox/instance"]);
  const wanted = chooseModules(listModules(exports.models, exports.GLOBAL_PREFIX), process.argv.slice(2));
  await build(ROOT, wanted, (_, [file]) => console.log(`build/${file}`));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
