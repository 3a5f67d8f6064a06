import { printable } from "./printable.js";

/** Base of every error this library throws on purpose, but for `RangeError` on a bad argument. */
export class ZeropageError extends Error {
  override name = "ZeropageError";
}

/** The program, or a model, accessed an address that no region covers. An access of the program has changed nothing. */
export class SegmentationFault extends ZeropageError {
  override name = "SegmentationFault";
  constructor(
    message: string,
    /** First address of the access that no region covers. */
    readonly address: number,
    readonly access: "read" | "write",
  ) {
    super(message);
  }
}

/** The program accessed a mapping of a file beyond the file's end (SIGBUS). Nothing was changed. */
export class BusError extends ZeropageError {
  override name = "BusError";
  constructor(
    message: string,
    /** First address of the access that is beyond it. */
    readonly address: number,
    readonly access: "read" | "write",
  ) {
    super(message);
  }
}

/** The modelled allocator noticed misuse, such as a double free, and would have aborted the process. */
export class AllocatorAbort extends ZeropageError {
  override name = "AllocatorAbort";
  constructor(
    /** The real allocator's words, where it has any. */
    message: string,
    /** The pointer it was given. */
    readonly pointer: number,
  ) {
    super(message);
  }
}

/** The machine ran out of physical memory on a touch (a real kernel would kill the process), or the host of memory. */
export class OutOfMemory extends ZeropageError {
  override name = "OutOfMemory";
}

/** A process is gone, which the kernel killed when physical memory ended: with the option `oom=killLargest`, the one that had most. */
export class ProcessKilled extends OutOfMemory {
  override name = "ProcessKilled";
  constructor(
    readonly process: number,
    /** Bytes that it had. */
    readonly residentBytes: number,
  ) {
    super(
      `process ${process} was killed when memory ended, for it had the most, ${residentBytes} bytes: raise the option memory`,
    );
  }
}

/** A trace that cannot be read or does not make sense. */
export class TraceError extends ZeropageError {
  override name = "TraceError";
  constructor(
    message: string,
    /** 1-based line in the (uncompressed) trace, where known. */
    readonly line?: number,
  ) {
    super(line === undefined ? message : `line ${line}: ${message}`);
  }
}

/** A process of a trace, by the number that it has there. */
export interface TraceProcess {
  process: number;
  /** How often it calls its allocator. */
  calls: number;
}

/** A trace has several processes, of which one has to be chosen, or it does not have the one that was. */
export class ProcessError extends TraceError {
  override name = "ProcessError";
  constructor(
    message: string,
    /** Those there are, the ones that call most first. */
    readonly processes: readonly TraceProcess[],
  ) {
    super(message);
  }
}

/** An unknown model or option, or a value an option does not take. */
export class OptionError extends ZeropageError {
  override name = "OptionError";
}

/** A cost profile that cannot be read. */
export class CostError extends ZeropageError {
  override name = "CostError";
}

/** The sandbox was closed, or its module is not what it should be. */
export class SandboxError extends ZeropageError {
  override name = "SandboxError";
}

/** A file of this package, a wasm module or the Worker of a jail, is not where it is looked for: see `locateFiles`. */
export class FileError extends SandboxError {
  override name = "FileError";
  constructor(
    message: string,
    /** What the package exports it as, without `zeropage/`: `wasm/glibc.wasm`, `worker.js`. */
    readonly file: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A wasm module that cannot be read, linked or driven, or that has what is not supported. Nothing of it was kept. */
export class ModuleError extends ZeropageError {
  override name = "ModuleError";
  constructor(
    message: string,
    /** Where in the module's bytes, where known. */
    readonly offset?: number,
    options?: ErrorOptions,
  ) {
    super(printable(offset === undefined ? message : `byte ${offset}: ${message}`), options);
  }
}

/** A foreign module trapped, gave up, or broke the contract of an allocator. Its state is unknown from then on. */
export class ModuleTrap extends ZeropageError {
  override name = "ModuleTrap";
  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }
}

/** A foreign module called a function of its host that is not known: what it would have done is not decided. */
export class UnknownImport extends ModuleTrap {
  override name = "UnknownImport";
}

/** A foreign module took more time than it was allowed. It was ended, and nothing else was touched. */
export class LimitExceeded extends ZeropageError {
  override name = "LimitExceeded";
}

/** The command line asks for something impossible. Thrown before anything is run. */
export class UsageError extends ZeropageError {
  override name = "UsageError";
}
