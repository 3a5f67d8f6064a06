/** Files of a simulated machine, and what becomes of their pages. */
import { Counter } from "#shared/counters";
import { FileKind, MOST_FILES, Place } from "#shared/kernel";
import type { MachineSettings } from "../allocator/machine.js";
import { checkOneOf, checkWhole } from "../base/arguments.js";
import { namesOf } from "../base/enums.js";
import { SandboxError } from "../base/errors.js";
import type { CounterOf } from "./counter-table.js";
import type { FileExports } from "./exports.js";

/** What became of files, and of mappings of them, counted of all processes of a machine since it was started. */
export interface FileCounters {
  /**
   * Faults on pages of mappings of files: that mapped what the file has; that copied it for a private mapping; that let a
   * page be written which was mapped before. `Counters.faults` has none of them.
   */
  faults: { map: number; copy: number; makeWritable: number };
  /** Those of them that waited for the disk. */
  majorFaults: number;
  /** Pages that a fault on another page mapped. */
  mappedAround: number;
  /** Bytes in the page cache now, of all files. No process's resident bytes have them. */
  cachedBytes: number;
  diskReadBytes: number;
  diskWrittenBytes: number;
  /** Bytes that system calls copied to programs, and from them. */
  copiedToUser: number;
  copiedFromUser: number;
}

/** How much memory a process has, in bytes, as Linux tells it apart. */
export interface ResidentSets {
  /** Its own, and what it shares after a fork (RssAnon). */
  anonymous: number;
  /** Pages of files that it maps (RssFile), which are in the page cache. */
  file: number;
  /** The same of memory that has a name, or that processes share (RssShmem). */
  shared: number;
}

/** What file is made. */
export interface FileOptions {
  /** Its length. */
  bytes: number;
  /**
   * `disk`, which is the default: nothing of it is in the page cache at first. `memory`: tmpfs, memfd_create, or what
   * MAP_SHARED | MAP_ANONYMOUS maps; all of it are holes at first.
   */
  kind?: "disk" | "memory";
  /** Whether it holds something, nobody said what. Only on disk; otherwise it holds zeroes. */
  written?: boolean;
}

/** What of a file is mapped. */
export interface FileMapping {
  /** Where in the file it begins, at a page; 0 by default. */
  offset?: number;
  /** How much; to the file's end by default. */
  bytes?: number;
  /** MAP_SHARED: what is written is the file's. Otherwise it is the process's own (MAP_PRIVATE), which is the default. */
  shared?: boolean;
}

/**
 * A file on a simulated machine. Its system calls are those of the sandbox that made it; a child of a fork has them by a
 * sandbox of its own, and mappings it inherits.
 */
export interface SimulatedFile {
  /** Its length. */
  readonly bytes: number;
  /** Maps part of it. Returns the address, or 0 if there is no room, or nothing to map. */
  map(mapping?: FileMapping): number;
  /** Copies from it to memory (pread). Returns how many bytes there were. @throws SandboxError if memory may not be written */
  read(address: number, bytes: number, offset?: number): number;
  /** Copies memory to it (pwrite), which makes it longer if need be. @throws SandboxError if memory may not be read */
  write(address: number, bytes: number, offset?: number): number;
  /** Hands it to a socket (sendfile): nothing is copied. Returns how many bytes there were. */
  send(bytes: number, offset?: number): number;
  /** Writes what the page cache has newer to the disk (fsync). Then the next write to each mapped page faults. */
  sync(): void;
  /** Drops what is clean and not mapped from the page cache (POSIX_FADV_DONTNEED); by default of all of it. */
  drop(offset?: number, bytes?: number): void;
  /** Whether the page at an offset is in the page cache. */
  isCached(offset: number): boolean;
  /** Takes its name away: it goes once nothing maps it any more. Nothing else can be done with it then. */
  remove(): void;
}

type Run = <T>(call: (exports: FileExports) => T) => T;

/** Whether a module's machine has files. @internal */
export function hasFiles(exports: object): exports is FileExports {
  return "createFile" in exports;
}

/** What a system call returned, unless it failed. @internal */
export function granted(call: string, result: number): number {
  if (result >= 0) return result;
  throw new SandboxError(
    `${call} refuses: is all of the memory mapped, may it be used so, and has the file a name?`,
  );
}

/** Makes a file on the machine that `run` calls. @internal */
export function makeFile(run: Run, options: FileOptions, machine: MachineSettings): SimulatedFile {
  const { bytes, kind = "disk", written = false } = options;
  checkWhole("bytes", bytes);
  checkOneOf("kind", kind, FILE_KINDS);
  if (written && kind !== "disk") throw new RangeError("only a file on disk holds what nobody said");
  const number = run((exports) => exports.createFile(FILE_KINDS.indexOf(kind), bytes, Number(written)));
  if (number !== 0) return new MachineFile(run, number);
  throw new SandboxError(
    machine.kernel === "linux"
      ? `there is no room for a file of ${bytes} bytes: a machine has ${MOST_FILES}, of up to 2^25 pages each`
      : "the simulated Darwin has no files: open the sandbox with the option kernel=linux",
  );
}

const FILE_KINDS = namesOf(FileKind);

class MachineFile implements SimulatedFile {
  readonly #run: Run;
  readonly #number: number;

  constructor(run: Run, number: number) {
    this.#run = run;
    this.#number = number;
  }

  get bytes(): number {
    return this.#run((exports) => exports.fileLength(this.#number));
  }

  map({ offset = 0, bytes = this.bytes - offset, shared = false }: FileMapping = {}): number {
    checkWhole("offset", offset);
    checkWhole("bytes", bytes);
    return this.#run((exports) =>
      exports.mapFile(this.#number, 0, bytes, Place.Anywhere, offset, Number(shared)),
    );
  }

  read(address: number, bytes: number, offset = 0): number {
    checkRangeOf(address, bytes, offset);
    return granted(
      "read",
      this.#run((exports) => exports.readFile(this.#number, offset, address, bytes)),
    );
  }

  write(address: number, bytes: number, offset = 0): number {
    checkRangeOf(address, bytes, offset);
    return granted(
      "write",
      this.#run((exports) => exports.writeFile(this.#number, offset, address, bytes)),
    );
  }

  send(bytes: number, offset = 0): number {
    checkRangeOf(0, bytes, offset);
    return granted(
      "sendfile",
      this.#run((exports) => exports.sendFile(this.#number, offset, bytes)),
    );
  }

  sync(): void {
    granted(
      "fsync",
      this.#run((exports) => exports.syncFile(this.#number)),
    );
  }

  drop(offset = 0, bytes = 0): void {
    checkRangeOf(0, bytes, offset);
    granted(
      "posix_fadvise",
      this.#run((exports) => exports.forgetFile(this.#number, offset, bytes)),
    );
  }

  isCached(offset: number): boolean {
    checkWhole("offset", offset);
    return this.#run((exports) => exports.isCached(this.#number, offset)) !== 0;
  }

  remove(): void {
    granted(
      "unlink",
      this.#run((exports) => exports.removeFile(this.#number)),
    );
  }
}

function checkRangeOf(address: number, bytes: number, offset: number): void {
  checkWhole("address", address);
  checkWhole("bytes", bytes);
  checkWhole("offset", offset);
}

/** What the counters of a machine say of files, and of mappings of them. @internal */
export function filesOf(of: CounterOf, pageBytes: number): FileCounters {
  return {
    faults: {
      map: of(Counter.FileMapFaults),
      copy: of(Counter.FileCopyFaults),
      makeWritable: of(Counter.MakeWritableFaults),
    },
    majorFaults: of(Counter.MajorFaults),
    mappedAround: of(Counter.MappedAround),
    cachedBytes: (of(Counter.PagesCached) - of(Counter.PagesUncached)) * pageBytes,
    diskReadBytes: of(Counter.DiskReadPages) * pageBytes,
    diskWrittenBytes: of(Counter.DiskWrittenPages) * pageBytes,
    copiedToUser: of(Counter.CopiedToUser),
    copiedFromUser: of(Counter.CopiedFromUser),
  };
}
