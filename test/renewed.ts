/**
 * Sandboxes that go back to how they began, for tests that need many: 0.1 to 0.5 ms of CPU time, where opening one takes 3
 * to 10.
 */
import { onTestFinished } from "vitest";
import { type AnyOptions, openModel } from "../src/sandbox/open.js";
import type { Sandbox } from "../src/sandbox/sandbox.js";

/** Sandboxes that are kept, at most: each has some MiB. */
const KEPT = 12;

interface Renewable {
  sandbox: Sandbox;
  begin: ReturnType<Sandbox["checkpoint"]>;
}

/** Those that nobody uses, by model and options; those given back last are the last. */
const idle: [key: string, Renewable][] = [];

/** Opens a model as new, for as long as a job takes. */
export async function onRenewed<T>(
  model: string,
  options: AnyOptions,
  job: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  const key = JSON.stringify([model, options]);
  const renewable = await take(key, model, options);
  const result = await job(renewable.sandbox);
  // One whose job threw is not kept.
  give(key, renewable);
  return result;
}

/** Opens a model as new, until the test is over. */
export async function openRenewed(model: string, options: AnyOptions): Promise<Sandbox> {
  const key = JSON.stringify([model, options]);
  const renewable = await take(key, model, options);
  onTestFinished(() => give(key, renewable));
  return renewable.sandbox;
}

async function take(key: string, model: string, options: AnyOptions): Promise<Renewable> {
  const at = idle.findLastIndex(([other]) => other === key);
  const [found] = at < 0 ? [] : idle.splice(at, 1);
  if (found) {
    const [, renewable] = found;
    renewable.sandbox.restore(renewable.begin);
    return renewable;
  }
  const sandbox = await openModel(model, options);
  return { sandbox, begin: sandbox.checkpoint() };
}

function give(key: string, renewable: Renewable): void {
  idle.push([key, renewable]);
  if (idle.length > KEPT) idle.shift();
}
