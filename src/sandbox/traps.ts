/** What a trap of a module stands for, as an error: assembly/machine/failure.ts has what it left word of. */
import { Exception, RecordField } from "#shared/failure";
import { RecordKind } from "#shared/records";
import { brokenContract } from "../allocator/broken-contract.js";
import type { MachineSettings } from "../allocator/machine.js";
import {
  AllocatorAbort,
  BusError,
  OutOfMemory,
  ProcessKilled,
  SandboxError,
  SegmentationFault,
  ZeropageError,
} from "../base/errors.js";
import type { MachineExports } from "./exports.js";
import { NO_FORK } from "./processes.js";

/** What the machine says of a trap of its own. */
export interface Trap {
  exception: Exception;
  /** By the exception: kind of access, number of a message, line of an assertion, kind of a record, a process. */
  detail: number;
  /** By the exception: an address, bytes, or two texts. */
  word: bigint;
  /** The model had only looked at memory until then. */
  looked: boolean;
}

/** Whose trap it is. */
interface Stopped {
  exports: MachineExports;
  machine: MachineSettings;
  /** What the model says when it aborts, by number. */
  messages: readonly string[];
}

/** Takes the record of a trap from linear memory, so that the next one is not taken for it. */
export function takeTrap(memory: DataView, at: number): Trap {
  const word = (field: RecordField) => memory.getBigUint64(at + field, true);
  const trap = {
    exception: Number(word(RecordField.Exception)),
    detail: Number(word(RecordField.Detail)),
    word: word(RecordField.Address),
    looked: word(RecordField.Looked) !== 0n,
  };
  memory.setBigUint64(at + RecordField.Exception, 0n, true);
  return trap;
}

const hex = (address: number): string => `0x${address.toString(16)}`;

/** The error that a trap stands for; undefined if the machine has not raised it. */
export function errorOf({ exception, detail, word }: Trap, stopped: Stopped): ZeropageError | undefined {
  const address = Number(word);
  switch (exception) {
    case Exception.SegmentationFault:
      return segmentationFault(stopped.exports, detail & 1 ? "write" : "read", address, detail > 1);
    case Exception.BusError: {
      const access = detail ? "write" : "read";
      return new BusError(`${access} beyond the end of the file mapped at ${hex(address)}`, address, access);
    }
    case Exception.OutOfMemory:
      return new OutOfMemory(
        `out of physical memory: a touch needed ${address} more bytes, and the machine has ${stopped.machine.memoryBytes}; raise the option memory`,
      );
    case Exception.Killed:
      return new ProcessKilled(detail, address);
    case Exception.HostOutOfMemory:
      return new OutOfMemory("the host gives the sandbox no more memory: store less, or touch without data");
    case Exception.AllocatorAbort:
      return new AllocatorAbort(`${stopped.messages[detail] ?? "allocator abort"}: ${hex(address)}`, address);
    case Exception.BrokenInvariant:
      return new SandboxError(`internal: ${assertion(stopped.exports.memory.buffer, detail, word)}`);
    case Exception.BadOperation:
      if (detail === RecordKind.Fork && stopped.machine.kernel !== "linux") return new ZeropageError(NO_FORK);
      return new ZeropageError(`a trace record is invalid: kind ${detail}, value ${address}`);
    case Exception.Overwritten:
      return new SandboxError(brokenContract.overwritten(address, detail));
    case Exception.NotZero:
      return new SandboxError(brokenContract.notZero(address, detail));
    case Exception.Misaligned:
      return new SandboxError(brokenContract.misaligned(address, detail));
    case Exception.Overflowed:
      return new SandboxError(brokenContract.overflowed(address, 64));
    case Exception.None:
      return undefined;
  }
}

/** The text of an assertion that failed in a check build: `assertionFailed` in assembly/machine/failure.ts. */
function assertion(memory: ArrayBuffer, line: number, texts: bigint): string {
  const message = text(memory, Number(texts >> 32n)) || "an assertion does not hold";
  return `${message} (${text(memory, Number(texts & 0xffffffffn))}:${line})`;
}

/** An AssemblyScript string: UTF-16, after its length in bytes. Empty at address 0. */
function text(memory: ArrayBuffer, at: number): string {
  if (!at) return "";
  const bytes = new DataView(memory).getUint32(at - 4, true);
  return String.fromCharCode(...new Uint16Array(memory, at, bytes / 2));
}

function segmentationFault(
  exports: MachineExports,
  access: "read" | "write",
  address: number,
  isProtected: boolean,
): SegmentationFault {
  if (isProtected) {
    return new SegmentationFault(`${access} of protected address ${hex(address)}`, address, access);
  }
  const below = exports.regionBelow(address);
  const above = exports.regionFrom(address);
  const near = [
    below ? `mapped below up to ${hex(below)}` : "nothing mapped below",
    above ? `mapped above from ${hex(above)} to ${hex(exports.regionEnd(above))}` : "nothing mapped above",
  ];
  return new SegmentationFault(
    `${access} of unmapped address ${hex(address)} (${near.join("; ")})`,
    address,
    access,
  );
}
