/** A replay does what the same calls do one by one: to the address, the counter and the call path. */
import { describe, expect, it } from "vitest";
import { TOUCH_POLICIES, type TouchPolicy } from "../../src/allocator/access.js";
import { SYSCALLS } from "../../src/allocator/counters.js";
import { recordOf } from "../../src/base/enums.js";
import {
  generateTrace,
  type Mark,
  models,
  OutOfMemory,
  openSandbox,
  type Sandbox,
  workloadPresets,
} from "../../src/index.js";
import { collectTrace } from "../../src/trace/collect.js";
import { TraceEncoder } from "../../src/trace/encode.js";
import { readTrace } from "../../src/trace/read.js";
import { bytesAsked, OpKind, RECORD_BYTES, TraceRecords } from "../../src/trace/records.js";
import type { TraceChunk } from "../../src/trace/trace.js";
import { openChecked } from "../checked.js";
import { Random } from "../random.js";

const SEED = 0x5eed;
const OPERATIONS = 5000;
/** Too much for the machine here. */
const HUGE = 2 ** 41;
const ADDRESS_SPACE = 2 ** 38;

/** Lines of a trace with every kind of operation. More objects live than slots are made for at first; half are freed at the end. */
function randomLines(seed: number): string[] {
  const random = new Random(seed);
  const live: { id: number; bytes: number }[] = [];
  const size = () => (random.below(50) ? random.below(2 ** random.below(16)) : HUGE);
  const add = (id: number, bytes: number, line: string) => {
    live.push({ id, bytes });
    return line;
  };
  const allocate = (id: number) => {
    const bytes = size();
    const choice = random.below(20);
    if (choice === 0) return add(id, 0, `c ${id} ${2 ** 32} ${2 ** 32 + 1}`);
    if (choice < 5) return add(id, 3 * bytes, `c ${id} 3 ${bytes}`);
    return choice < 8 ? add(id, bytes, `m ${id} 256 ${bytes}`) : add(id, bytes, `a ${id} ${bytes}`);
  };
  const threads = [1, 2, 3, 4];
  let [running, named] = [1, 4];
  const concernNoObject = (id: number) => {
    const number = random.pick(threads);
    const choice = random.below(8);
    if (choice === 0) return `k ${random.below(2 ** 16)}`;
    if (choice === 1) return `p ${id}`;
    if (choice === 3) return `@ ${id * 10_000_000}`;
    if (choice === 2 && number !== running) {
      threads.splice(threads.indexOf(number), 1, ++named);
      return `x ${number}`;
    }
    running = number;
    return `t ${number}`;
  };
  const lines = Array.from({ length: OPERATIONS }, (_, id) => {
    if (random.below(16) === 0) return concernNoObject(id);
    const index = random.below(live.length);
    const one = live[index];
    const choice = random.below(10);
    if (!one || choice < 5) return allocate(id);
    if (choice < 6) {
      const bytes = size();
      // What is too much fails, and the object keeps its old size.
      if (bytes < HUGE) one.bytes = bytes;
      return `r ${one.id} ${bytes}`;
    }
    if (choice < 8) {
      live.splice(index, 1);
      return `f ${one.id}`;
    }
    const offset = random.below(Math.min(one.bytes, 2 ** 20));
    return `${random.pick(["w", "l"])} ${one.id} ${offset} ${Math.min(one.bytes - offset, 5000)}`;
  });
  return [...lines, ...live.slice(live.length >> 1).map(({ id }) => `f ${id}`)];
}

/** Does what a replay is to do, by calls. */
class Calls {
  readonly slots: number[] = [];
  readonly addresses: number[] = [];
  failedAllocations = 0;
  readonly marks: Omit<Mark, "name">[] = [];

  constructor(
    private readonly sandbox: Sandbox,
    private readonly touch: TouchPolicy,
  ) {}

  run({ records, count }: TraceChunk): void {
    const operations = new TraceRecords(records);
    for (let i = 0; i < count; i++) {
      const { kind, slot, first, second } = operations.read(i);
      const held = this.slots[slot] ?? 0;
      const allocates = kind <= OpKind.realloc;
      const pointer = allocates ? this.#allocate(kind, slot, held, first, second) : 0;
      this.addresses.push(pointer);
      if (allocates) continue;
      if (kind === OpKind.free) {
        this.sandbox.free(held);
        this.slots[slot] = 0;
      } else if (kind > OpKind.read) {
        this.#concernNoObject(kind, first);
      } else if (held) {
        this.sandbox.touch(held + first, second, kind === OpKind.write ? "write" : "read");
      }
    }
  }

  #concernNoObject(kind: number, first: number): void {
    if (kind === OpKind.thread) this.sandbox.switchThread(first);
    else if (kind === OpKind.exit) this.sandbox.endThread(first);
    else if (kind === OpKind.trim) this.sandbox.trim(first);
    else if (kind === OpKind.clock) this.sandbox.setClock(first);
    else if (kind === OpKind.mark)
      this.marks.push({ operation: this.addresses.length, counters: this.sandbox.counters() });
  }

  #allocate(kind: number, slot: number, held: number, first: number, second: number): number {
    const bytes = bytesAsked(kind, first, second);
    const pointer = this.#call(kind, held, first, second);
    if (bytes >= ADDRESS_SPACE) expect(pointer).toBe(0);
    if (!pointer && bytes) this.failedAllocations++;
    if (pointer || kind !== OpKind.realloc || !bytes) this.slots[slot] = pointer;
    if (pointer && this.touch !== "none")
      this.sandbox.touch(pointer, this.touch === "first" ? Math.min(bytes, 1) : bytes);
    return pointer;
  }

  #call(kind: number, held: number, first: number, second: number): number {
    if (kind === OpKind.malloc) return this.sandbox.malloc(first);
    if (kind === OpKind.calloc) return this.sandbox.calloc(first, second);
    if (kind === OpKind.aligned) return this.sandbox.alignedAlloc(first, second);
    return this.sandbox.realloc(held, second);
  }
}

describe.each(models.map(({ name }) => name))("a replay on %s", (model) => {
  const open = () => openChecked(model, { addressSpace: ADDRESS_SPACE });

  it.each(TOUCH_POLICIES)(
    `does what the same calls do, touch %s, seed 0x${SEED.toString(16)}`,
    async (touch) => {
      const lines = randomLines(SEED);
      const names = lines.filter((line) => line.startsWith("p ")).map((line) => line.slice(2));
      const text = lines.join("\n");
      const [replayed, called] = [await open(), await open()];
      const calls = new Calls(called, touch);
      calls.run(await collectTrace(await readTrace(text)));
      const addresses: number[] = [];
      // Points of the timeline cut it into parts.
      const { failedAllocations, marks } = await replayed.replay(await readTrace(text), {
        ...{ touch, timelinePoints: 7 },
        onResults: (some) => addresses.push(...some),
      });
      expect(addresses).toEqual(calls.addresses);
      expect(marks).toEqual(calls.marks.map((mark, i) => ({ name: names[i], ...mark })));
      expect(marks.length).toBeGreaterThan(10);
      expect(failedAllocations).toBe(calls.failedAllocations);
      expect(failedAllocations).toBeGreaterThan(0);
      expect(Array.from(replayed.slots().slice(0, calls.slots.length))).toEqual(calls.slots);
      expect(calls.slots.length).toBeGreaterThan(1024);
      expect(replayed.counters()).toEqual(called.counters());
      expect(replayed.profile()).toEqual(called.profile());
    },
  );

  it("repeats records as often as it is told", async () => {
    const trace = await collectTrace(
      await readTrace("a 1 100\nc 2 10 20\nr 1 9000\nm 3 64 100\nf 2\nf 1\nf 3\n"),
    );
    const [repeated, called] = [await open(), await open()];
    repeated.repeat(trace, 5, "first");
    const calls = new Calls(called, "first");
    for (let round = 0; round < 5; round++) calls.run(trace);
    expect(repeated.counters()).toEqual(called.counters());
  });
});

it("a replay counts what a thread's end and a trim cost apart, and neither as calls", async () => {
  const sandbox = await openSandbox("naive", { check: true });
  await sandbox.replay(await readTrace("t 7\na 0 8\nk\nk 100\nx 7\nx 8\np end\n"));
  const calls = sandbox.profile().children.map(({ name, calls }) => [name, calls]);
  expect(calls).toEqual([
    ["malloc", 1],
    ["malloc_trim", 2],
    ["pthread_exit", 2],
  ]);
  expect(sandbox.counters().calls).toBe(1);
});

it("keeps a point of the timeline after every so many operations, and after the last", async () => {
  const sandbox = await openSandbox("naive", { check: true });
  const text = Array.from({ length: 10_000 }, (_, id) => `a ${id} 1\n`).join("");
  const replay = async (timelineEvery: number) =>
    (await sandbox.replay(await readTrace(text), { timelineEvery })).timeline.map(
      ({ operation }) => operation,
    );
  expect(await replay(4000)).toEqual([4000, 8000, 10_000]);
  expect(await replay(5000)).toEqual([5000, 10_000]);
  expect(await replay(1)).toHaveLength(10_000);
  expect(await replay(20_000)).toEqual([10_000]);
  await expect(replay(0)).rejects.toThrow(RangeError);
});

it.each([
  [OpKind.thread, 0],
  [OpKind.thread, 65537],
  [OpKind.exit, 0],
  [OpKind.exit, 2 ** 32 + 1],
  [OpKind.site, 65_536],
  [OpKind.process, 0],
  [OpKind.process, 2],
  [OpKind.fork, 1],
  [OpKind.fork, 2 ** 32 + 2],
  [OpKind.end, 0],
  [OpKind.end + 1, 1],
])("a record of kind %i with number %i is refused", async (kind, number) => {
  const records = new Uint8Array(RECORD_BYTES);
  new TraceRecords(records).write(0, kind, 0, number);
  const sandbox = await openSandbox("naive", { check: true });
  expect(() => sandbox.repeat({ records, count: 1 }, 1)).toThrow(
    `a trace record is invalid: kind ${kind}, value ${number}`,
  );
});

/** Whatever happens on the machine is in one of the rows. */
function total(sandbox: Sandbox) {
  const rows = sandbox.sites();
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
  return {
    faults: {
      zeroMap: sum(({ faults }) => faults.zeroMap),
      zeroFill: sum(({ faults }) => faults.zeroFill),
      copyOnWrite: sum(({ faults }) => faults.copyOnWrite),
    },
    zeroed: {
      kernel: sum(({ zeroed }) => zeroed.kernel),
      allocator: sum(({ zeroed }) => zeroed.allocator),
      needless: sum(({ zeroed }) => zeroed.needless),
    },
    syscalls: recordOf(SYSCALLS, (name) => sum(({ syscalls }) => syscalls[name])),
    walked: recordOf(SYSCALLS, (name) => sum(({ walked }) => walked[name])),
  };
}

it.each(["naive", "glibc", "libmalloc", "jemalloc"])(
  `sites change nothing on %s, and their rows add up to the counters, seed 0x${SEED.toString(16)}`,
  async (model) => {
    const random = new Random(SEED);
    const lines = randomLines(SEED);
    const named = lines.map((line) =>
      /^[p@]/.test(line) || random.below(3) === 0 ? line : `s site ${random.below(200)}\n${line}`,
    );
    const open = () => openChecked(model, { addressSpace: ADDRESS_SPACE, clock: 1000 });
    const [plain, sited] = [await open(), await open()];
    await plain.replay(await readTrace(lines.join("\n")), { touch: "pages" });
    await sited.replay(await readTrace(named.join("\n")), { touch: "pages", timelinePoints: 7 });
    expect(sited.counters()).toEqual(plain.counters());
    expect(sited.profile()).toEqual(plain.profile());
    expect(sited.clock).toBe(plain.clock);
    const { faults, zeroed, syscalls, walked } = sited.counters();
    const { needless: _, ...kinds } = faults;
    expect(total(sited)).toEqual({ faults: kinds, zeroed, syscalls, walked });
    const calling = sited.sites().filter((site) => Object.values(site.syscalls).some((calls) => calls > 0));
    expect(calling.length).toBeGreaterThan(1);
    expect(sited.sites().filter(({ faults }) => faults.zeroFill > 0).length).toBeGreaterThan(10);
    expect(plain.sites()).toEqual([]);
    sited.touch(sited.malloc(2 ** 20), 2 ** 20);
    expect(sited.counters().zeroed.kernel).toBeGreaterThan(zeroed.kernel);
    expect(total(sited).zeroed).toEqual(sited.counters().zeroed);
  },
);

it("an operation's faults and zeroing are its site's, with the touches of its object", async () => {
  const sandbox = await openSandbox("naive", { check: true });
  const text = "a 0 4096\ns one\na 1 8192\ns two;deeper\nc 2 3 4096\ns one\nw 2 0 1\nf 2\n";
  const trace = await readTrace(text);
  await sandbox.replay(trace, { touch: "pages" });
  expect(trace.notes.sites).toEqual(["unknown", "one", "two;deeper"]);
  const [unknown, one, two, ...more] = sandbox.sites().map(({ faults }) => faults.zeroFill);
  expect([unknown, one, two]).toEqual([1, 2, 3]);
  expect(more.every((faults) => faults === 0)).toBe(true);
});

it("threads have numbers of 1 to 65536", async () => {
  const sandbox = await openSandbox("naive", { check: true });
  for (const number of [0, 65537, 1.5, Number.NaN]) {
    expect(() => sandbox.switchThread(number)).toThrow(RangeError);
    expect(() => sandbox.endThread(number)).toThrow("number must be a whole number from 1 to 65536");
  }
  for (const number of [1, 65536]) {
    sandbox.switchThread(number);
    sandbox.endThread(number);
    sandbox.endThread(number);
  }
});

it("a replay that fails names the operation", async () => {
  const sandbox = await openSandbox("naive", { check: true, memory: 2 ** 26 });
  const lines = Array.from({ length: 20 }, (_, id) => `a ${id} ${2 ** 23}`);
  const failure = await sandbox
    .replay(await readTrace(lines.join("\n")), { touch: "object" })
    .catch((error) => error);
  expect(failure).toBeInstanceOf(OutOfMemory);
  expect(failure.message).toMatch(/^operation 9: /);
});

it("two traces at once are refused, and a round in the middle of one", async () => {
  const sandbox = await openSandbox("naive");
  const [{ workload }] = workloadPresets as [(typeof workloadPresets)[number]];
  const trace = () => generateTrace({ ...workload, ops: 20_000 });
  const none = new TraceEncoder().take();
  const again = () => expect(() => sandbox.repeat(none, 1)).toThrow("a trace is being replayed here");
  const first = sandbox.replay(trace(), { onProgress: again });
  await expect(sandbox.replay(trace())).rejects.toThrow("a trace is being replayed here");
  expect((await first).operations).toBe(20_000);
  expect((await sandbox.replay(trace())).operations).toBe(20_000);
});
