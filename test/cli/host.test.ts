import { expect, test } from "vitest";
import { cpuName, runtimeName } from "../../src/cli/host.js";

test("a runtime is called by its name, also where it says that it is Node", () => {
  expect(runtimeName({ node: "20.1.0" })).toBe("Node v20.1.0");
  expect(runtimeName({ node: "22.6.0", bun: "1.2.3" })).toBe("Bun v1.2.3");
  expect(runtimeName({ node: "22.6.0", deno: "2.1.0" })).toBe("Deno v2.1.0");
  expect(runtimeName()).toBe(`Node ${process.version}`);
  expect(cpuName()).not.toBe("");
});
