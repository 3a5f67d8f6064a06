/** The module that rewritten ones call: build/recorder.wasm. */
import { BEGUN_AT, CLEARED_AT, EVENT_BYTES, EVENTS_AT, NEEDLESS_AT, STATE_BYTES } from "#shared/recorder";
import { type OwnFile, ownBytes, ownModule } from "../../base/own-file.js";
import { compileShared } from "../../foreign/shared-memory.js";

const RECORDER: OwnFile = {
  name: "wasm/recorder.wasm",
  url: () => new URL("../../../build/recorder.wasm", import.meta.url),
};

/** assembly/recorder.ts */
export interface RecorderExports {
  memory: WebAssembly.Memory;
  log(): number;
  state(): number;
  forget(): void;
  askSites(): void;
  askTimes(every: number): void;
  stop(): void;
  enter(): void;
  leave(kind: number, pointer: number, first: number, second: number, result: number): void;
  read(address: number, bytes: number): void;
  write(address: number, bytes: number): void;
  clear(address: number, bytes: number, zeroes: number): void;
}

/** What an allocator cleared. In bytes. */
export interface Zeroed {
  bytes: number;
  /** Of these, those that were zero already. */
  needless: number;
}

/** What the recorder asks of its host. */
export interface RecorderHost {
  /** The log is full: take it. */
  take: () => void;
  /** The number of who calls now. */
  site: () => number;
}

/** Nanoseconds since this began. */
function clock(): () => number {
  const start = performance.now();
  let last = 0;
  return () => {
    last = Math.max(last, Math.round((performance.now() - start) * 1e6));
    return last;
  };
}

/** Opens a recorder. Another thread sees the memory of a shared one. */
export async function openRecorder({ take, site }: RecorderHost, isShared = false): Promise<RecorderExports> {
  const module = await (isShared ? ownBytes(RECORDER).then(compileShared) : ownModule(RECORDER));
  const { exports } = new WebAssembly.Instance(module, { recorder: { take, site, now: clock() } });
  return exports as unknown as RecorderExports;
}

/** What a recorder has written, also once nothing runs in it any more. */
export class Logged {
  /** `buffer` is that of its memory, or was before it grew if that is shared. */
  constructor(
    private readonly buffer: () => ArrayBufferLike,
    private readonly log: number,
    private readonly state: number,
  ) {}

  /** The events in the log. */
  get events(): DataView {
    return new DataView(this.buffer(), this.log, EVENT_BYTES * this.#state.getUint32(EVENTS_AT, true));
  }

  /** How often the log was begun anew. */
  get begun(): number {
    return this.#state.getUint32(BEGUN_AT, true);
  }

  get zeroed(): Zeroed {
    const sum = (at: number) => Number(this.#state.getBigUint64(at, true));
    return { bytes: sum(CLEARED_AT), needless: sum(NEEDLESS_AT) };
  }

  get #state(): DataView {
    return new DataView(this.buffer(), this.state, STATE_BYTES);
  }
}

/** What a recorder in this thread has written. */
export const loggedBy = (recorder: RecorderExports): Logged =>
  new Logged(() => recorder.memory.buffer, recorder.log(), recorder.state());
