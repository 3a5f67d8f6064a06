import { expect, it } from "vitest";
import { openSandbox, openWasmAllocator, SandboxError } from "../../src/index.js";

it("`using` closes allocators of both kinds at the end of the block", async () => {
  const opened = [];
  {
    using sandbox = await openSandbox("glibc");
    using module = await openWasmAllocator("as-tlsf");
    opened.push(sandbox, module);
    for (const allocator of opened) expect(allocator.malloc(8)).toBeGreaterThan(0);
  }
  for (const allocator of opened) expect(() => allocator.malloc(8)).toThrow(SandboxError);
});
