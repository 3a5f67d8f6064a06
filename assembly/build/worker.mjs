/** A thread that compiles the modules it is sent. */
import { parentPort, workerData } from "node:worker_threads";
import { compile } from "./compile.mjs";

parentPort?.on("message", async (module) => parentPort?.postMessage(await compile(workerData, module)));
