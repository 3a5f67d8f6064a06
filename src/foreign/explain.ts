import { TrapCause } from "#shared/driver";
import { RecordKind } from "#shared/records";
import { brokenContract } from "../allocator/broken-contract.js";
import { ModuleTrap, OutOfMemory, ZeropageError } from "../base/errors.js";
import type { Linked } from "./link.js";

const hex = (address: number): string => `0x${address.toString(16)}`;

/** The error for each cause of a trap in the driver. */
const CAUSES: Record<TrapCause, (pointer: number, detail: number) => ZeropageError> = {
  [TrapCause.None]: () => new ZeropageError("internal: the driver trapped for no reason"),
  [TrapCause.OutsideMemory]: (pointer, bytes) =>
    new ModuleTrap(`it returned ${hex(pointer)} for ${bytes} bytes, which is outside its memory`),
  [TrapCause.Misaligned]: (pointer, align) => new ModuleTrap(brokenContract.misaligned(pointer, align)),
  [TrapCause.Overwritten]: (pointer, offset) => new ModuleTrap(brokenContract.overwritten(pointer, offset)),
  [TrapCause.NotZero]: (pointer, offset) => new ModuleTrap(brokenContract.notZero(pointer, offset)),
  [TrapCause.Overflowed]: (pointer) => new ModuleTrap(brokenContract.overflowed(pointer, 32)),
  [TrapCause.BadOperation]: (kind, value) =>
    kind >= RecordKind.Process
      ? new ZeropageError("a wasm module is one process: a trace that forks can be replayed on models alone")
      : new ZeropageError(`a trace record is invalid: kind or slot ${kind}, value ${value}`),
  [TrapCause.HostOutOfMemory]: () =>
    new OutOfMemory("the host gives the driver no more memory for so many objects at once"),
};

/** The error that something thrown during a call stands for. */
export function explainTrap(error: unknown, { driver, patterns, misuse }: Linked): Error {
  const cause: TrapCause = driver.trapCause.value;
  if (error instanceof WebAssembly.RuntimeError && cause) {
    const [pointer, detail] = [driver.trapPointer.value, driver.trapDetail.value] as [number, number];
    driver.trapCause.value = 0;
    return CAUSES[cause](pointer >>> 0, detail >>> 0);
  }
  if (error instanceof WebAssembly.RuntimeError && patterns.outsideBytes.value) {
    const [pointer, bytes] = [patterns.outsideAddress.value, patterns.outsideBytes.value] as [number, number];
    return new ModuleTrap(
      `it gave ${hex(pointer >>> 0)} for ${bytes >>> 0} bytes, which is outside its memory`,
    );
  }
  if (error instanceof ZeropageError) return error;
  const trap = trapOf(error, "the module");
  const words = error instanceof WebAssembly.RuntimeError && misuse();
  if (words) trap.message += `: ${words}`;
  return trap;
}

/** A trap, an exhausted stack, an exception nothing caught, or what a function given by the user threw. */
export function trapOf(cause: unknown, who: string): ModuleTrap {
  const { message = "" } = cause instanceof Error ? cause : {};
  if (cause instanceof WebAssembly.RuntimeError)
    return new ModuleTrap(`${who} trapped: ${message}`, { cause });
  if (isOutOfStack(cause)) return new ModuleTrap(`${who} used up the stack`, { cause });
  const isException = cause instanceof WebAssembly.Exception;
  const what = message || (isException ? "an exception that nothing caught" : String(cause));
  return new ModuleTrap(`${who} threw: ${what}`, { cause });
}

/** RangeErrors are also thrown for memories and tables that are too large. */
export function isOutOfStack(cause: unknown): boolean {
  return cause instanceof RangeError && /call stack/i.test(cause.message);
}
