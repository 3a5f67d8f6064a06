/** Builds modules that are stale, on all cores. */
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { hash } from "./hash.mjs";
import { readManifest, replaceFile, staleModules, writeManifest } from "./manifest.mjs";

/**
 * Builds those of the modules that are stale into build/ below `root`. A failure ends it; what was built stays.
 * @param {string} root
 * @param {readonly import("./modules.mjs").Module[]} modules
 * @param {(name: string) => void} onBuilt
 */
export async function build(root, modules, onBuilt) {
  await mkdir(join(root, "build"), { recursive: true });
  const entries = await readManifest(root);
  const queue = await staleModules(root, entries, modules);

  /** @param {import("./modules.mjs").Module} module @param {import("./compile.mjs").Compiled} compiled */
  const keep = (module, { outputs, inputs }) => {
    const files = { ...inputs };
    for (const [name, contents] of Object.entries(outputs)) {
      files[`build/${name}`] = hash(contents);
      replaceFile(join(root, "build", name), contents);
    }
    entries.set(module.name, { module, files });
    writeManifest(root, entries);
    onBuilt(module.name);
  };

  const workers = Math.min(availableParallelism(), queue.length);
  await Promise.all(Array.from({ length: workers }, () => work(root, queue, keep)));
}

/**
 * Compiles modules of the queue, one after the other, in a thread that imports the compiler once. Threads, not
 * processes, for these share the machine code of Binaryen.
 * @param {string} root
 * @param {import("./modules.mjs").Module[]} queue
 * @param {(module: import("./modules.mjs").Module, compiled: import("./compile.mjs").Compiled) => void} keep
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
    // What one module fails on, others do too.
    queue.length = 0;
    throw error;
  } finally {
    await worker.terminate();
  }
}
