/** Builds stale modules on all cores. */
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { hash } from "./hash.mjs";
import { readManifest, replaceFile, staleModules, writeManifest } from "./manifest.mjs";

/**
 * Builds the stale ones of the modules into build/ below `root`. An error ends it; what was built stays.
 * @param {string} root
 * @param {readonly import("./modules.mjs").Module[]} modules
 * @param {(name: string, files: readonly string[]) => void} onBuilt
 */
export async function build(root, modules, onBuilt) {
  await mkdir(join(root, "build/lib"), { recursive: true });
  const entries = await readManifest(root);
  const queue = await staleModules(root, entries, modules);

  /** @param {import("./modules.mjs").Module} module @param {import("./asc.mjs").Compiled} compiled */
  const keep = (module, { outputs, inputs }) => {
    const files = { ...inputs };
    for (const [name, contents] of Object.entries(outputs)) {
      files[`build/${name}`] = hash(contents);
      replaceFile(join(root, "build", name), contents);
    }
    entries.set(module.name, { module, files });
    writeManifest(root, entries);
    onBuilt(module.name, Object.keys(outputs));
  };

  const workers = Math.min(availableParallelism(), queue.length);
  await Promise.all(Array.from({ length: workers }, () => work(root, queue, keep)));
}

/**
 * Compiles modules of the queue, one after another, in a thread that imports the compiler once. Threads, unlike
 * processes, share the machine code of Binaryen.
 * @param {string} root
 * @param {import("./modules.mjs").Module[]} queue
 * @param {(module: import("./modules.mjs").Module, compiled: import("./asc.mjs").Compiled) => void} keep
 */
async function work(root, queue, keep) {
  const worker = new Worker(new URL("./worker.mjs", import.meta.url), { workerData: root });
  try {
    for (let module = queue.shift(); module; module = queue.shift()) {
      worker.postMessage(module);
      const [compiled] = await once(worker, "message");
      keep(module, compiled);
    }
  } catch (error) {
    // An error of one module is one of the others too.
    queue.length = 0;
    throw error;
  } finally {
    await worker.terminate();
  }
}
