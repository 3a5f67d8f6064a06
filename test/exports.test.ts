/** What each module exports, by name and kind, beside the interface that the host takes it for. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import type { DriverExports, PatternExports } from "../src/foreign/link.js";
import { FACE } from "../src/foreign/link.js";
import { HOOKS } from "../src/meter/hooks.js";
import type { RecorderExports } from "../src/record/module/recorder.js";
import type {
  CheckExports,
  FileExports,
  HugeExports,
  MachineExports,
  ModelExports,
  PlacementExports,
} from "../src/sandbox/exports.js";
import { GLOBAL_PREFIX } from "../src/sandbox/instance.js";
import { models } from "../src/sandbox/models.js";
import type { RawExports } from "./raw-machine.js";

type Kind<Export> = Export extends WebAssembly.Memory
  ? "memory"
  : Export extends WebAssembly.Global
    ? "global"
    : "function";

/** A list with a name too many, or too few, or of another kind, does not compile. */
type Kinds<Exports> = { [Name in keyof Exports]: Kind<Exports[Name]> };

const MACHINE = {
  memory: "memory",
  start: "function",
  read: "function",
  write: "function",
  fill: "function",
  fillEnd: "function",
  copy: "function",
  require: "function",
  transferAddress: "function",
  copyOut: "function",
  copyIn: "function",
  touch: "function",
  pageState: "function",
  pageRun: "function",
  regionFrom: "function",
  regionEnd: "function",
  regionBelow: "function",
  holders: "function",
  fork: "function",
  exit: "function",
  switchTo: "function",
  process: "function",
  processAbove: "function",
  madvise: "function",
  protect: "function",
  counters: "function",
  counterCount: "function",
  calls: "function",
  pathCount: "function",
  pathOrigin: "function",
  pathCounters: "function",
  failure: "function",
  check: "function",
  restartCounters: "function",
} as const satisfies Kinds<MachineExports>;

const FILES = {
  createFile: "function",
  removeFile: "function",
  setReadahead: "function",
  fileLength: "function",
  isCached: "function",
  mapFile: "function",
  readFile: "function",
  writeFile: "function",
  send: "function",
  sendFile: "function",
  forgetFile: "function",
  syncFile: "function",
  dropCaches: "function",
  filePages: "function",
} as const satisfies Kinds<FileExports>;

const PLACEMENT = {
  place: "function",
  limit: "function",
  killLargest: "function",
  killNotes: "function",
  mapMemory: "function",
  unmap: "function",
} as const satisfies Kinds<PlacementExports>;

const HUGE = {
  setHugePages: "function",
  hugeGroups: "function",
  heldPages: "function",
  press: "function",
} as const satisfies Kinds<HugeExports>;

const RAW_MACHINE = {
  ...MACHINE,
  ...FILES,
  ...PLACEMENT,
  ...HUGE,
  mmap: "function",
  munmap: "function",
  mremap: "function",
  brk: "function",
  vmCopy: "function",
  mprotect: "function",
  clear: "function",
  clearDirty: "function",
  areaCount: "function",
  areaEnd: "function",
} as const satisfies Kinds<RawExports>;

const MODEL = {
  ...MACHINE,
  configure: "function",
  malloc: "function",
  calloc: "function",
  realloc: "function",
  free: "function",
  aligned: "function",
  usableSize: "function",
  trim: "function",
  thread: "function",
  endThread: "function",
  tellsThreads: "function",
  inUse: "function",
  system: "function",
  cached: "function",
  statistic: "function",
  figures: "function",
  freeBlocks: "function",
  freeRows: "function",
  siteRows: "function",
  siteCount: "function",
  clock: "function",
  setClock: "function",
  advanceClock: "function",
  bufferAddress: "function",
  bufferRecords: "function",
  resultsAddress: "function",
  slotsAddress: "function",
  slotsMade: "function",
  replay: "function",
  replayed: "function",
  failedAllocations: "function",
} as const satisfies Kinds<ModelExports>;

const CHECK = {
  callLog: "function",
  callsLogged: "function",
  digest: "function",
} as const satisfies Kinds<CheckExports>;

const DRIVER = {
  memory: "memory",
  configure: "function",
  malloc: "function",
  calloc: "function",
  aligned: "function",
  resizeNothing: "function",
  alignBy: "function",
  resize: "function",
  release: "function",
  block: "global",
  checkObject: "function",
  bufferAddress: "function",
  bufferRecords: "function",
  resultsAddress: "function",
  slotsAddress: "function",
  slotsMade: "function",
  replay: "function",
  replayed: "function",
  done: "function",
  calls: "function",
  liveBytes: "function",
  failedAllocations: "function",
  doneBeforeFailure: "function",
  trapCause: "global",
  trapPointer: "global",
  trapDetail: "global",
} as const satisfies Kinds<DriverExports>;

const PATTERNS = {
  memory: "memory",
  outsideBytes: "global",
  outsideAddress: "global",
  setBase: "function",
  note: "function",
  copy: "function",
  fill: "function",
  touch: "function",
  memoryBytes: "function",
  loadWord: "function",
  clear: "function",
  writePattern: "function",
  patternEnd: "function",
  fillEnd: "function",
  lastRead: "global",
} as const satisfies Kinds<PatternExports>;

const RECORDER = {
  memory: "memory",
  log: "function",
  state: "function",
  forget: "function",
  askSites: "function",
  askTimes: "function",
  stop: "function",
  enter: "function",
  leave: "function",
  read: "function",
  write: "function",
  clear: "function",
} as const satisfies Kinds<RecorderExports>;

/** The hooks, and what of the meter only patterns.ts calls, which has it compiled in. */
const METER = Object.fromEntries(
  [...HOOKS, "mark", "markUnknown", "noteFill"].map((name) => [name, "function"]),
);

async function compile(name: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(new URL(`../build/${name}.wasm`, import.meta.url)));
}

/** Without the globals that the build exports for checkpoints. */
async function exportsOf(name: string): Promise<Record<string, string>> {
  const exports = WebAssembly.Module.exports(await compile(name));
  const own = exports.filter((one) => !one.name.startsWith(GLOBAL_PREFIX));
  return Object.fromEntries(own.map((one) => [one.name, one.kind]));
}

describe.each([
  ["", {}],
  [".check", CHECK],
])("built as %o", (build, more) => {
  it("the bare machine exports what the tests take it for", async () => {
    expect(await exportsOf(`machine${build}`)).toEqual({ ...RAW_MACHINE, ...more });
  });

  it.each(models)("$name exports what a sandbox takes it for", async ({ file, ...has }) => {
    const abilities = {
      ...(has.hasFiles && FILES),
      ...(has.hasPlacement && PLACEMENT),
      ...(has.hasHugePages && HUGE),
    };
    const expected = { ...MODEL, ...abilities, ...more };
    expect(await exportsOf(`${basename(file.name, ".wasm")}${build}`)).toEqual(expected);
  });
});

describe("what foreign modules are linked with", () => {
  it.each([
    ["recorder", RECORDER],
    ["clearing", { zeroes: "function" }],
    ["driver", DRIVER],
    ["patterns", PATTERNS],
    ["meter", METER],
  ])("%s exports what the host takes it for", async (name, expected) => {
    expect(await exportsOf(name)).toEqual(expected);
  });

  it("gives the driver every function that it imports, and no other names", async () => {
    const imported = WebAssembly.Module.imports(await compile("driver")).map(({ name }) => name);
    const faces = Object.values(FACE).flatMap((functions) => Object.values(functions));
    const given = new Set<string>([...faces, ...Object.keys(PATTERNS)]);
    expect(imported.filter((name) => !given.has(name))).toEqual([]);
    expect(faces.filter((name) => !imported.includes(name))).toEqual([]);
  });
});
