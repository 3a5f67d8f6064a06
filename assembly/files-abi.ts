/** What modules whose machine has files export besides (build/modules.mjs). Addresses and sizes cross as f64, exact to 2^53; the host checks them. */
import * as calls from "./machine/file-calls";
import { filePages as filePagesOf } from "./machine/mappings";
import { program } from "./machine/paths";

/** Makes a file: its FileKind, its bytes, and whether nobody says what they are. Returns its number, or 0. */
export function createFile(kind: u32, bytes: f64, isUnknown: bool): u32 {
  return calls.create(kind, <u64>bytes, isUnknown);
}

/** Takes a file's name away. Returns 0, or -1. */
export function removeFile(number: u32): i32 {
  return calls.remove(number);
}

/** Has so many pages read ahead at most; 0 for none. */
export function setReadahead(pages: f64): void {
  calls.setReadahead(<u64>pages);
}

export function fileLength(number: u32): f64 {
  return <f64>calls.lengthOf(number);
}

export function isCached(number: u32, offset: f64): bool {
  return calls.isCachedAt(number, <u64>offset);
}

export function mapFile(number: u32, hint: f64, bytes: f64, place: u32, offset: f64, isShared: bool): f64 {
  program();
  return <f64>calls.map(number, <u64>hint, <u64>bytes, place, <u64>offset, isShared);
}

export function readFile(number: u32, offset: f64, address: f64, bytes: f64): f64 {
  program();
  return <f64>calls.read(number, <u64>offset, <u64>address, <u64>bytes);
}

export function writeFile(number: u32, offset: f64, address: f64, bytes: f64): f64 {
  program();
  return <f64>calls.write(number, <u64>offset, <u64>address, <u64>bytes);
}

export function send(address: f64, bytes: f64): f64 {
  program();
  return <f64>calls.send(<u64>address, <u64>bytes);
}

export function sendFile(number: u32, offset: f64, bytes: f64): f64 {
  program();
  return <f64>calls.sendfile(number, <u64>offset, <u64>bytes);
}

export function forgetFile(number: u32, offset: f64, bytes: f64): i32 {
  program();
  return calls.forget(number, <u64>offset, <u64>bytes);
}

export function syncFile(number: u32): i32 {
  program();
  return calls.sync(number);
}

export function dropCaches(): void {
  calls.dropCaches();
}

/** Two u64s: pages that the running process maps of files on disk, and of memory that has a name. */
export function filePages(): usize {
  return filePagesOf();
}
