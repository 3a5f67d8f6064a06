/**
 * System calls: what the real allocator asked of its kernel, and the model of the simulated one, with arguments and
 * results. Calls are compared by what they read like, with places (observation.ts) for addresses.
 */
import { whyNotToday } from "../machine/real-kernel.js";
import {
  type Difference,
  formatPlace,
  type Observation,
  operationText,
  placeOf,
  type Space,
} from "./observation.js";

export interface SystemCall {
  name: string;
  /** Words as they are in registers: at least four. */
  arguments: bigint[];
  /** Negative numbers are those of errors. */
  result: bigint;
}

export interface RealCall extends SystemCall {
  /** Number, from 0, of the operation that made it. */
  operation: number;
}

/** The system calls an allocator makes, by their numbers on x86-64. */
const NAMES = new Map<number, string>([
  [0, "read"],
  [3, "close"],
  [9, "mmap"],
  [10, "mprotect"],
  [11, "munmap"],
  [12, "brk"],
  [21, "access"],
  [25, "mremap"],
  [28, "madvise"],
  [257, "openat"],
  [318, "getrandom"],
  // What a layer calls below: below.h.
  [0x5a60, "malloc below"],
  [0x5a61, "calloc below"],
  [0x5a62, "realloc below"],
  [0x5a63, "free below"],
]);

/** Whether it is a call of a layer's to the allocator below: it is in the log, but no system call. */
export const isBelow = (name: string) => name.endsWith(" below");

/**
 * Not calls for memory: the first makes the key that marks chunks in the tcache, the next read how the kernel
 * overcommits, once, before a heap of an arena shrinks for the first time, and the last looks for nodes of memory, once.
 */
const UNCOUNTED = new Set(["getrandom", "openat", "read", "close", "access"]);

/** Whether it is a call for memory. */
export const isCounted = ({ name }: SystemCall) => !UNCOUNTED.has(name);

/** PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS: what the simulated kernel maps, or only reserves. */
const PLAIN_MAPPING = "3 34";
/** What releases up to 2.36 say of reserved space. The simulated kernel never runs short of promises. */
const MAP_NORESERVE = 0x4000n;

/** A call as the oracle writes it: its operation, its number, four arguments, its result. */
export function parseCall(words: BigUint64Array): RealCall {
  const name = NAMES.get(Number(words[1])) ?? `system call ${words[1]}`;
  // The result of a call below is told as its third argument.
  const result = BigInt.asIntN(64, words[isBelow(name) ? 4 : 6] as bigint);
  return { operation: Number(words[0]), name, arguments: [...words.subarray(2, 6)], result };
}

/** Since 6.7 the kernel aligns mappings of whole multiples of this to it. */
const LARGE_PAGE = 2n ** 21n;

/** The first operation at which an older kernel may choose an address by another rule than the simulated one. */
function firstAligned(calls: RealCall[]): number {
  const lengths = new Map([
    ["mmap", 1],
    ["mremap", 2],
  ]);
  const first = calls.find(({ name, arguments: words }) => {
    const length = words[lengths.get(name) ?? -1];
    return length !== undefined && length % LARGE_PAGE === 0n;
  });
  return first?.operation ?? Number.POSITIVE_INFINITY;
}

/**
 * A run with the system calls that another of the same trace made. `isToday`: its kernel aligns large mappings as the
 * simulated one does, so all addresses are compared.
 */
export function withCalls<Run extends Observation>(
  run: Run,
  calls: RealCall[],
  isToday = whyNotToday() === null,
): Run {
  const counts: Record<string, number> = {};
  let next = 0;
  const checkpoints = run.checkpoints.map((point) => {
    for (; next < calls.length && (calls[next] as RealCall).operation < point.operations; next++) {
      const { name } = calls[next] as RealCall;
      if (!UNCOUNTED.has(name) && !isBelow(name)) counts[name] = (counts[name] ?? 0) + 1;
    }
    return { ...point, calls: { ...counts } };
  });
  return {
    ...run,
    checkpoints,
    calls,
    exactBefore: isToday ? Number.POSITIVE_INFINITY : firstAligned(calls),
  };
}

/** Where the calls of the model part first from the real ones, or null. */
export function callsDifference(
  records: Uint8Array,
  real: Observation & { calls: RealCall[] },
  model: Observation & { calls: SystemCall[] },
): Difference | null {
  const { exactBefore = 0 } = real;
  const calls = real.calls.filter(isCounted);
  // What the model did before it failed is compared.
  const count = model.failure === undefined ? Math.max(calls.length, model.calls.length) : model.calls.length;
  for (let i = 0; i < count; i++) {
    const operation = calls[i]?.operation ?? real.places.length - 1;
    const texts = [real.space, model.space].map((space, which) =>
      formatCall((which ? model.calls : calls)[i], space, operation < exactBefore),
    );
    if (texts[0] === texts[1]) continue;
    const text = [
      `operation ${operation}: ${operationText(records, operation)}`,
      `  real   ${texts[0]}`,
      `  model  ${texts[1]}`,
    ];
    return { operation, text: `system call ${i}, ${text.join("\n")}` };
  }
  return null;
}

/** What a call reads like; without the addresses of mappings where they are the kernel's choice. */
export function formatCall(call: SystemCall | undefined, space: Space, isExact: boolean): string {
  if (!call) return "no call";
  const { name, result } = call;
  const [first = 0n, second = 0n, third = 0n, fourth = 0n] = call.arguments;
  const place = (address: bigint) => (address === 0n ? "0" : addressText(Number(address), space, isExact));
  const given = result > 0n ? place(result) : "failed";
  const done = result === 0n ? "done" : "failed";
  switch (name) {
    case "brk":
      return `brk(${breakText(first, space)}): ${result === first ? "done" : "failed"}`;
    case "mmap":
      return `mmap(${place(first)}, ${second} bytes${mappingText(third, fourth)}): ${given}`;
    case "mprotect":
      return `mprotect(${place(first)}, ${second} bytes, ${third}): ${done}`;
    case "munmap":
      return `munmap(${place(first)}, ${second} bytes): ${done}`;
    case "mremap":
      return `mremap(${place(first)}, ${second} bytes, ${third} bytes, may move ${fourth}): ${given}`;
    case "malloc below":
    case "calloc below":
      return `${name}(${first} bytes): ${given}`;
    case "realloc below":
      return `${name}(${place(first)}, ${second} bytes): ${given}`;
    case "free below":
      return `${name}(${place(first)})`;
    case "madvise":
      return `madvise(${place(first)}, ${second} bytes, ${third}): ${done}`;
    default:
      return `${name}(${call.arguments.join(", ")}): ${result}`;
  }
}

/** A break may be asked for anywhere. */
function breakText(address: bigint, { heapStart }: Space): string {
  return address === 0n ? "0" : `${address - BigInt(heapStart)} bytes above where the heap starts`;
}

function mappingText(protection: bigint, flags: bigint): string {
  const kind = `${protection} ${flags & ~MAP_NORESERVE}`;
  return kind === PLAIN_MAPPING ? "" : `, of kind ${kind}`;
}

function addressText(address: number, space: Space, isExact: boolean): string {
  const place = placeOf(address, space);
  return place < 0 && !isExact ? `mapped, at ${address % 4096} of a page` : formatPlace(place);
}
