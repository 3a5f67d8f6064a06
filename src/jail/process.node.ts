/**
 * A jail in a process of its own. What a module can take of its host beside its memory, such as tables, is not bounded by the
 * limits of a Worker: where V8 gets no more memory it ends the whole process, which is then not the caller's.
 *
 *      caller ──messages──► process: forwards them ──► Worker: runs the module
 *                              │ ends when the caller is gone, whatever the Worker does
 */
import { type ChildProcess, spawn } from "node:child_process";
import { LimitExceeded } from "../base/errors.js";
import type { JailWorker, WorkerEvents } from "./worker.web.js";

/** What the process does: it starts a Worker as it is told by its first message, and is the way to it. */
const FORWARDS = `
  const { Worker } = require("node:worker_threads");
  process.once("message", ({ code, options }) => {
    const worker = new Worker(code, options);
    process.on("message", (message) => worker.postMessage(message));
    worker.on("message", (message) => process.send({ message }));
    worker.on("error", ({ name, message, code }) => process.send({ died: { name, message, code } }));
    worker.on("exit", (code) => process.send({ ended: code }, () => process.exit()));
  });
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
`;

/** What comes from the process. */
type Said =
  | { message: unknown }
  | { died: { name: string; message: string; code?: string } }
  | { ended: number };

/** Flags of V8 that the process gets. */
const flags: string[] = [];

/** Gives a flag to all jails that start from now on. */
export function addJailFlag(flag: string): void {
  flags.push(flag);
}

/** Starts a Worker of Node in a process of its own. */
export function startInProcess(code: string, options: object, events: WorkerEvents): JailWorker {
  const child = spawn(process.execPath, [...flags, "--eval", FORWARDS], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
    // What the user tells Node of its own programs, such as a debugger's port, is not for this one.
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  child.on("message", (said: Said) => hear(said, events));
  child.on("error", events.died);
  child.on("exit", (code, signal) => {
    if (signal !== null || code !== 0) events.died(outOfMemory(signal ?? `code ${code}`));
  });
  child.send({ code, options });
  return { post: (message) => void child.send(message as object, () => {}), end: () => end(child) };
}

function hear(said: Said, { message, died }: WorkerEvents): void {
  if ("message" in said) message(said.message);
  else if ("died" in said) died(Object.assign(new Error(said.died.message), said.died));
  else died(new Error(`its Worker ended with code ${said.ended}`));
}

const outOfMemory = (how: string) =>
  new LimitExceeded(`the module took more memory of its host than a jail has: its process ended (${how})`);

function end(child: ChildProcess): void {
  child.removeAllListeners();
  child.on("error", () => {});
  child.kill("SIGKILL");
}
