import { onTestFinished } from "vitest";
import { openModel, type Sandbox } from "../src/index.js";

/** Opens a sandbox of the check build, and checks it when the test is over. */
export async function openChecked(model: string, options = {}): Promise<Sandbox> {
  const sandbox = await openModel(model, { check: true, ...options });
  onTestFinished(() => sandbox.check());
  return sandbox;
}
