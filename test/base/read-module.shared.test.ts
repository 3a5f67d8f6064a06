import { expect, it } from "vitest";
import { readModule } from "#read-module";
import { SandboxError } from "../../src/base/errors.js";

/** The smallest module: magic number and version. */
const EMPTY = "AGFzbQEAAAA=";

it("gives a response, to be compiled as it streams, where the server says it is wasm", async () => {
  const module = await readModule(new URL(`data:application/wasm;base64,${EMPTY}`));
  expect(module).toBeInstanceOf(Response);
  await expect(WebAssembly.compileStreaming(module as Response)).resolves.toBeInstanceOf(WebAssembly.Module);
});

it("gives the bytes where the server says anything else", async () => {
  const module = await readModule(new URL(`data:application/octet-stream;base64,${EMPTY}`));
  await expect(WebAssembly.compile(module as BufferSource)).resolves.toBeInstanceOf(WebAssembly.Module);
});

it("names the URL of a module that is not there", async () => {
  const reading = readModule(new URL("../../build/no-such-module.wasm", import.meta.url));
  await expect(reading).rejects.toThrow(SandboxError);
  await expect(reading).rejects.toThrow("build/no-such-module.wasm");
});

it("says what to do where a development server sends a page instead", async () => {
  await expect(readModule(new URL("data:text/html,page"))).rejects.toThrow(
    'optimizeDeps.exclude to ["zeropage"]',
  );
});
