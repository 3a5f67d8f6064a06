/** A jail in Node is a process: what ends it does not end its caller, and it never outlives its caller. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { LimitExceeded } from "../../src/index.js";
import { startInProcess } from "../../src/jail/process.node.js";

/** What a Worker of this code says first, or dies of. */
function firstOf(code: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = startInProcess(
      code,
      { eval: true, resourceLimits: { maxOldGenerationSizeMb: 64 } },
      { message: resolve, died: reject },
    );
    worker.post("hello");
  });
}

it("what is posted reaches its Worker, and comes back as it was", async () => {
  const code =
    'const { parentPort } = require("node:worker_threads");' +
    "parentPort.once('message', (said) => parentPort.postMessage({ said, bytes: new Uint8Array([1, 2]), big: 5n }));";
  expect(await firstOf(code)).toEqual({ said: "hello", bytes: new Uint8Array([1, 2]), big: 5n });
});

it("that the system ends is an error that says so", async () => {
  const death = firstOf('process.kill(process.pid, "SIGABRT")');
  await expect(death).rejects.toThrow(LimitExceeded);
  await expect(death).rejects.toThrow("its process ended (SIGABRT)");
});

it("that takes all of its heap is an error too", async () => {
  const death = firstOf("const all = []; for (;;) all.push(new Array(1e5).fill({}));");
  await expect(death).rejects.toThrow(/memory/);
});

it("whose Worker throws is that error", async () => {
  await expect(firstOf('throw new RangeError("as planned")')).rejects.toThrow("as planned");
});

it("ends with its caller, even if that is killed while a module runs", async () => {
  const jail = new URL("../../src/jail/process.node.ts", import.meta.url);
  const caller = spawn(process.execPath, [
    ...["--import", "tsx", "--input-type=module", "--eval"],
    `import { startInProcess } from ${JSON.stringify(jail.href)};
    const loop = "require('node:worker_threads').parentPort.postMessage(process.pid); for (;;);";
    startInProcess(loop, { eval: true }, { message: console.log, died: console.error });`,
  ]);
  const [line] = await once(caller.stdout, "data");
  const pid = Number(String(line));
  expect(() => process.kill(pid, 0)).not.toThrow();
  caller.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
