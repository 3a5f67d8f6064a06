/** The Worker in which a WASI program runs, without a break until it ends. It decodes nothing: logs are posted as they fill. */
import { WASI } from "node:wasi";
import { parentPort, workerData } from "node:worker_threads";
import { installHooks, withHooks } from "../module/hooks.js";
import { rewriteToRecord } from "../module/prepare.js";
import { loggedBy, openRecorder, type RecorderExports } from "../module/recorder.js";
import { CallSites } from "../module/sites.js";
import { type Message, WASI_MODULES, type WasiExit, type WorkerData } from "./program.js";

/** Logs that wait to be taken, at most: of 400 kB each. */
const MOST_WAITING = 16;
const CHECK_MS = 100;

const { program, waiting } = workerData as WorkerData;
const post = (message: Message) => parentPort?.postMessage(message);

/** Posts a log that is full, and begins it anew. */
function take(recorder: RecorderExports): void {
  while (Atomics.load(waiting, 0) >= MOST_WAITING) Atomics.wait(waiting, 0, MOST_WAITING, CHECK_MS);
  Atomics.add(waiting, 0, 1);
  const { buffer, byteOffset, byteLength } = loggedBy(recorder).events;
  post({ events: new Uint8Array(buffer, byteOffset, byteLength).slice() });
  recorder.forget();
}

async function run(): Promise<WasiExit> {
  const { wasm, functions, convention, sites, timesEvery, args, env, folders } = program;
  const rewritten = await rewriteToRecord(wasm, { functions, ...(convention && { convention }) });
  const { module, place, functions: found, drivenBy, knowsClearing, losses } = rewritten;
  const callSites = new CallSites(rewritten.nameOf, (site) => post({ site }));
  const host = { take: () => take(recorder), site: () => callSites.here() };
  const recorder: RecorderExports = await openRecorder(host, true);
  if (sites) recorder.askSites();
  if (timesEvery !== undefined) recorder.askTimes(timesEvery);
  installHooks(place, recorder);
  const imported = WebAssembly.Module.imports(module).map((one) => one.module);
  const version = imported.includes(WASI_MODULES.unstable) ? "unstable" : "preview1";
  const wasi = new WASI({ version, args, env, preopens: folders, returnOnExit: true });
  const imports = withHooks({ [WASI_MODULES[version]]: wasi.wasiImport } as WebAssembly.Imports);
  const buffer = recorder.memory.buffer as unknown as SharedArrayBuffer;
  const [log, state] = [recorder.log(), recorder.state()];
  post({ begun: { functions: found, drivenBy, knowsClearing, losses, buffer, log, state } });
  return start(wasi, await WebAssembly.instantiate(module, imports));
}

function start(wasi: WASI, instance: WebAssembly.Instance): WasiExit {
  try {
    return { exitCode: wasi.start(instance) as unknown as number };
  } catch (error) {
    return { exitCode: null, trap: (error as Error).message };
  }
}

try {
  post({ exit: await run() });
} catch (error) {
  const { name, message } = error as Error;
  post({ failed: { name, message } });
}
