/** How settings are written for the real allocators. */
import { expect, it } from "vitest";
import { models } from "../../src/sandbox/models.js";
import { waysToSet } from "../../src/tune/reality.js";
import { spaceOf } from "../../src/tune/space.js";

const lines = (allocator: string, options: Record<string, string | number>) =>
  Object.fromEntries(waysToSet(allocator, options).ways.map(({ way, lines }) => [way, lines.join(" ")]));

it("glibc takes them in its environment, as tunables, or by mallopt", () => {
  expect(lines("glibc", { trimThreshold: 131072, arenaMax: 2, version: "2.41", cpus: 8 })).toEqual({
    environment: "MALLOC_TRIM_THRESHOLD_=131072 MALLOC_ARENA_MAX=2",
    tunables: "GLIBC_TUNABLES=glibc.malloc.trim_threshold=131072:glibc.malloc.arena_max=2",
    program: "mallopt(M_TRIM_THRESHOLD, 131072); mallopt(M_ARENA_MAX, 2);",
  });
});

it("what only tunables have is in one variable, said once", () => {
  expect(lines("glibc", { tcacheCount: 0, tcacheMax: 64 })).toEqual({
    environment: "GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.tcache_max=64",
  });
});

it("other libraries are preloaded, and have variables of their own", () => {
  expect(lines("jemalloc", { dirty_decay_ms: 0, tcache: "false" })).toEqual({
    environment: "LD_PRELOAD=libjemalloc.so.2 MALLOC_CONF=dirty_decay_ms:0,tcache:false",
  });
  expect(lines("mimalloc", { allow_decommit: "0" })).toEqual({
    environment: "LD_PRELOAD=libmimalloc.so.2.0 MIMALLOC_ALLOW_DECOMMIT=0",
  });
  expect(lines("tcmalloc", { releaseRate: 10 })).toEqual({
    environment: "LD_PRELOAD=libtcmalloc_minimal.so.4 TCMALLOC_RELEASE_RATE=10",
  });
});

it("Python is told by PYTHONMALLOC what to do with its arenas, beside what malloc is told", () => {
  expect(lines("pymalloc/glibc", { arenas: "none", trimThreshold: 4096 })).toEqual({
    environment: "PYTHONMALLOC=malloc MALLOC_TRIM_THRESHOLD_=4096",
  });
  expect(waysToSet("pymalloc/glibc", { arenas: "malloc" })).toEqual({ ways: [], unknown: ["arenas=malloc"] });
});

it("nothing is to be set of an allocator as it is", () => {
  expect(waysToSet("glibc", {})).toEqual({ ways: [], unknown: [] });
});

it.each(models.filter(({ sureness, layers }) => sureness ?? layers?.base.sureness))(
  "there is a way to set whatever is tried of $name",
  ({ name }) => {
    for (const { option, grid } of spaceOf(name, {}, true)) {
      for (const value of grid) expect(waysToSet(name, { [option]: value }).unknown, option).toEqual([]);
    }
  },
);
