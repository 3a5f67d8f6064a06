/** The Worker in which a WASI program runs, without a break until it ends. Its operations are posted as they come. */
import { WASI } from "node:wasi";
import { parentPort, workerData } from "node:worker_threads";
import type { TraceChunk, TraceNotes } from "../../trace/trace.js";
import { recordModule } from "../module/record.js";
import { type Message, WASI_MODULES, type WasiEnded, type WorkerData } from "./program.js";

/** Chunks that wait to be taken, at most: of 100 kB each. */
const MOST_WAITING = 64;
const CHECK_MS = 100;

const { program, waiting } = workerData as WorkerData;
const post = (message: Message) => parentPort?.postMessage(message);
/** UNKNOWN_SITE has no name to be sent. */
let sitesSent = 1;

function send({ records, count }: TraceChunk, { sites = [] }: TraceNotes): void {
  while (Atomics.load(waiting, 0) >= MOST_WAITING) Atomics.wait(waiting, 0, MOST_WAITING, CHECK_MS);
  Atomics.add(waiting, 0, 1);
  post({ records: records.slice(), count, sites: sites.slice(sitesSent) });
  sitesSent = Math.max(sites.length, sitesSent);
}

async function run(): Promise<WasiEnded> {
  const { wasm, functions, convention, sites, args, env, folders } = program;
  const options = { functions, sites, onChunk: send, ...(convention && { convention }) };
  const { module, recording } = await recordModule(wasm, options);
  const imported = WebAssembly.Module.imports(module).map((one) => one.module);
  const version = imported.includes(WASI_MODULES.unstable) ? "unstable" : "preview1";
  const wasi = new WASI({ version, args, env, preopens: folders, returnOnExit: true });
  const imports = recording.imports({ [WASI_MODULES[version]]: wasi.wasiImport } as WebAssembly.Imports);
  const end = start(wasi, await WebAssembly.instantiate(module, imports));
  const { losses } = recording.trace().notes;
  const { zeroed, idle } = recording;
  return { ...end, zeroed, idle, functions: [...recording.functions], losses };
}

function start(wasi: WASI, instance: WebAssembly.Instance): Pick<WasiEnded, "exitCode" | "trap"> {
  try {
    return { exitCode: wasi.start(instance) as unknown as number };
  } catch (error) {
    return { exitCode: null, trap: (error as Error).message };
  }
}

try {
  post({ ended: await run() });
} catch (error) {
  const { name, message } = error as Error;
  post({ failed: { name, message } });
}
