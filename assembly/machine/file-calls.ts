/**
 * The system calls of files (Linux). Each is counted, even if it fails; a failure returns 0 or -1 and changes nothing. Offsets
 * and sizes are in bytes.
 *
 *      disk ──fetch──▶ page cache ──read──▶ memory of the program
 *                         │   ◀──write──        │
 *                         └──sendfile──▶ socket ◀──send──┘
 *
 * read, write and send copy bytes; sendfile and mappings hand over pages.
 */
import { Counter, Fn, Syscall } from "../shared/counters";
import { FILE_SHIFT, FileKind, Kernel, RegionFlag } from "../shared/kernel";
import { CONTENT, UNKNOWN } from "../shared/page-states";
import { copyIn, fillZero } from "./access";
import { firstProtected } from "./areas";
import { logCall } from "./call-log";
import { add } from "./counters";
import * as files from "./files";
import { File } from "./files";
import { apply, applyOne } from "./huge";
import { kernelKind, pageBytes, pageMask, pageShift, roundToPages } from "./layout";
import { firstBeyond } from "./mapped";
import { applyToMappings, dropPages, letGo } from "./mappings";
import { mapFile } from "./memory-map";
import { readable, withBytes } from "./page-access";
import { isMapped, isUserRange } from "./ranges";
import { limit, prepare } from "./readahead";
import { Event } from "./states";
import { enterCall, leaveCall } from "./syscall";
import { stateOf } from "./table";

// ---- Files ----

/** Makes a file of so many bytes: of zeroes, or of what nobody said. Not a system call. Returns its number, or 0. */
export function create(kind: FileKind, bytes: u64, isUnknown: bool): u32 {
  return kernelKind == Kernel.Linux ? files.make(kind, bytes, isUnknown) : 0;
}

/** The file with this number that has a name, or null. */
function named(number: u32): File | null {
  const file = files.fileOf(number);
  return file && !file.isRemoved ? file : null;
}

/** Takes a file's name away: it goes with its last mapping. Not a system call. Returns 0, or -1. */
export function remove(number: u32): i32 {
  const file = named(number);
  if (!file) return -1;
  files.takeName(file);
  letGo();
  return 0;
}

/** Most pages that are read ahead; 0 for none. Not a system call. */
export function setReadahead(pages: u64): void {
  limit(pages);
}

/** Length of a file in bytes. */
export function lengthOf(number: u32): u64 {
  const file = files.fileOf(number);
  return file ? file.length : 0;
}

/** Whether the page at an offset of a file is in the page cache. */
export function isCachedAt(number: u32, offset: u64): bool {
  const file = files.fileOf(number);
  return file != null && files.isCached(file, offset >> pageShift);
}

/** Drops all that is clean and not mapped, of all files. Not a system call. */
export function dropCaches(): void {
  for (let number = files.fileAbove(0); number; number = files.fileAbove(number)) {
    const file = files.fileOf(number);
    if (file) dropPages(file, 0, file.pages);
  }
}

/** Maps bytes of a file from an offset on, at a page: where `place` says. Returns the address, or 0. */
export function map(number: u32, hint: u64, bytes: u64, place: u32, offset: u64, isShared: bool): u64 {
  const caller = enterCall(Fn.Mmap, Syscall.Mmap);
  const address = mapNamed(number, hint, bytes, place, offset, isShared);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Mmap, hint, bytes, place, number, address);
  leaveCall(caller, Syscall.Mmap);
  return address;
}

function mapNamed(number: u32, hint: u64, bytes: u64, place: u32, offset: u64, isShared: bool): u64 {
  if (!named(number) || offset & pageMask || offset > files.MOST_FILE_PAGES << pageShift) return 0;
  const flags = (number << FILE_SHIFT) | RegionFlag.Program | (isShared ? RegionFlag.Shared : 0);
  return mapFile(hint, bytes, place, flags, offset);
}

// ---- Reading and writing ----

/** Whether the program may use all of a range so. */
function mayUse(address: u64, bytes: u64, write: bool): bool {
  if (!bytes) return true;
  const end = address + bytes;
  const first = address & ~pageMask;
  if (!isUserRange(address, bytes) || !isMapped(first, roundToPages(end) - first)) return false;
  return firstProtected(address, end, write) >= end && firstBeyond(address, end) >= end;
}

/** So many bytes of the range in a file that there are. */
function clipped(file: File, offset: u64, bytes: u64): u64 {
  return min(bytes, file.length - min(file.length, offset));
}

/** Bytes from an offset on that are in one page, at most `bytes`. */
function piece(offset: u64, bytes: u64): u64 {
  return min(bytes, pageBytes - (offset & pageMask));
}

/** Has the page at an offset cached, for a call that wants so many bytes from there on. */
function prepareAt(file: File, offset: u64, bytes: u64): void {
  const page = offset >> pageShift;
  prepare(file, page, ((offset + bytes - 1) >> pageShift) + 1 - page);
}

/** Copies from a file to memory (pread). Returns how many bytes, or -1. */
export function read(number: u32, offset: u64, address: u64, bytes: u64): i64 {
  const caller = enterCall(Fn.Read, Syscall.Read);
  const result = readFile(named(number), offset, address, bytes);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Read, number, offset, address, bytes, result);
  leaveCall(caller, Syscall.Read);
  return result;
}

function readFile(file: File | null, offset: u64, address: u64, bytes: u64): i64 {
  if (!file) return -1;
  bytes = clipped(file, offset, bytes);
  if (!mayUse(address, bytes, true)) return -1;
  for (let done: u64 = 0; done < bytes; ) {
    const at = offset + done;
    prepareAt(file, at, bytes - done);
    const n = piece(at, piece(address + done, bytes - done));
    copyToUser(file, at, address + done, n);
    done += n;
  }
  add(Counter.CopiedToUser, bytes);
  return bytes;
}

/** Copies what is in one page of a file and one of memory. */
function copyToUser(file: File, offset: u64, address: u64, bytes: u64): void {
  const page = offset >> pageShift;
  const content = files.contentOf(file, page);
  const isUnknown = (files.stateOf(file, page) & UNKNOWN) != 0;
  if (content) copyIn(address, content + <usize>(offset & pageMask), bytes);
  else fillZero(address, bytes);
  if (isUnknown) applyOne(Event.Touch, address >> pageShift);
}

/** Copies from memory to a file (pwrite), which grows. Returns how many bytes, or -1. */
export function write(number: u32, offset: u64, address: u64, bytes: u64): i64 {
  const caller = enterCall(Fn.Write, Syscall.Write);
  const result = writeFile(named(number), offset, address, bytes);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Write, number, offset, address, bytes, result);
  leaveCall(caller, Syscall.Write);
  return result;
}

function writeFile(file: File | null, offset: u64, address: u64, bytes: u64): i64 {
  const most = files.MOST_FILE_PAGES << pageShift;
  if (!file || offset > most || bytes > most - offset || !mayUse(address, bytes, false)) return -1;
  for (let done: u64 = 0; done < bytes; ) {
    const at = offset + done;
    const n = piece(at, piece(address + done, bytes - done));
    const from = readable(address + done);
    const user = (address + done) >> pageShift;
    const state = withBytes(user, stateOf(user));
    prepareWritten(file, at, min(bytes - done, pageBytes - (at & pageMask)));
    copyFromUser(file, at, from, state, n);
    done += n;
    files.lengthen(file, at + n);
  }
  add(Counter.CopiedFromUser, bytes);
  return bytes;
}

/** Has the page at an offset cached, of which so many bytes are about to be written, and takes it for newer than on the disk. */
function prepareWritten(file: File, offset: u64, bytes: u64): void {
  const page = offset >> pageShift;
  if (!files.isCached(file, page)) {
    const isWhole = bytes == pageBytes;
    if (file.kind == FileKind.Memory) files.fill(file, page, !isWhole);
    else files.cache(file, page, isWhole || page >= file.pages);
  }
  files.soil(file, page);
}

/** Copies bytes at a host address, of a page in this state, to what is in one page of a file. */
function copyFromUser(file: File, offset: u64, from: usize, state: u32, bytes: u64): void {
  const page = offset >> pageShift;
  const at = <usize>(offset & pageMask);
  if (state & CONTENT) {
    memory.copy(files.contentFor(file, page) + at, from, <usize>bytes);
    if (bytes == pageBytes) files.know(file, page);
  } else {
    files.zero(file, page, at, bytes);
  }
  if (state & UNKNOWN) files.blur(file, page);
}

/** Copies memory to a socket (write, send). Returns how many bytes, or -1. */
export function send(address: u64, bytes: u64): i64 {
  const caller = enterCall(Fn.Send, Syscall.Send);
  const isSound = mayUse(address, bytes, false);
  if (isSound && bytes) {
    const first = address >> pageShift;
    apply(Event.Read, first, ((address + bytes - 1) >> pageShift) + 1 - first);
    add(Counter.CopiedFromUser, bytes);
  }
  const result: i64 = isSound ? bytes : -1;
  if (isDefined(ZP_CHECK)) logCall(Syscall.Send, address, bytes, 0, 0, result);
  leaveCall(caller, Syscall.Send);
  return result;
}

/** Hands pages of a file to a socket. Returns how many bytes there were, or -1. */
export function sendfile(number: u32, offset: u64, bytes: u64): i64 {
  const caller = enterCall(Fn.Sendfile, Syscall.Sendfile);
  const result = sendPages(named(number), offset, bytes);
  if (isDefined(ZP_CHECK)) logCall(Syscall.Sendfile, number, offset, bytes, 0, result);
  leaveCall(caller, Syscall.Sendfile);
  return result;
}

function sendPages(file: File | null, offset: u64, bytes: u64): i64 {
  if (!file) return -1;
  bytes = clipped(file, offset, bytes);
  for (let done: u64 = 0; done < bytes; done += piece(offset + done, bytes - done)) {
    prepareAt(file, offset + done, bytes - done);
  }
  return bytes;
}

// ---- The page cache ----

/** Drops whole pages in a range of a file that are clean and not mapped (POSIX_FADV_DONTNEED); bytes: 0 for all from there on. Returns 0, or -1. */
export function forget(number: u32, offset: u64, bytes: u64): i32 {
  const caller = enterCall(Fn.Fadvise, Syscall.Fadvise);
  const file = named(number);
  if (file) {
    const end = bytes ? min(offset + bytes, file.length) : file.length;
    // The file's last page counts as whole.
    const to = end == file.length ? file.pages : end >> pageShift;
    dropPages(file, roundToPages(offset) >> pageShift, to);
  }
  const result = file ? 0 : -1;
  if (isDefined(ZP_CHECK)) logCall(Syscall.Fadvise, number, offset, bytes, 0, result);
  leaveCall(caller, Syscall.Fadvise);
  return result;
}

/** Writes what is newer to the disk (fsync). Then the kernel wants to know of the next write to each page. Returns 0, or -1. */
export function sync(number: u32): i32 {
  const caller = enterCall(Fn.Fsync, Syscall.Fsync);
  const file = named(number);
  if (file && file.kind == FileKind.Disk) {
    files.clean(file);
    applyToMappings(Event.Clean, file, 0, file.pages);
  }
  const result = file ? 0 : -1;
  if (isDefined(ZP_CHECK)) logCall(Syscall.Fsync, number, 0, 0, 0, result);
  leaveCall(caller, Syscall.Fsync);
  return result;
}
