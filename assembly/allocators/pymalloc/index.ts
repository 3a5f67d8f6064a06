/**
 * CPython's allocator of objects, pymalloc (PyObject_Malloc and its kin), over another allocator. Requests of 1 to 512
 * bytes are served from pools of blocks of one class (small.ts, pool.ts), which arenas are cut into (arenas.ts). All
 * others, and its own tables, go below. It notices no misuse.
 *
 * Written from the rules that black-box runs of libpython 2.7 to 3.11 confirmed.
 */
import { clear, copy } from "../../machine/access";
import { Failure, fail } from "../../machine/failure";
import { ADDRESS_LIMIT } from "../../machine/layout";
import { Arenas, Domain, FreeList, Option, Statistic, Version } from "../../shared/pymalloc";
import * as layer from "../layer";
import { Layer } from "../layer";
import * as arenas from "./arenas";
import { check } from "./check";
import { tellFree } from "./free-blocks";
import * as small from "./small";
import { statistic } from "./statistics";
import * as version from "./version";

/** More is refused before anything else (PY_SSIZE_T_MAX). */
const MOST_REQUEST: u64 = i64.MAX_VALUE;

/** Of the enumeration of releases. */
let chosen: i32 = Version.V311;
let step: u64 = 16;

let domain: u32 = Domain.Obj;
/** Whether all calls go below, even those with no pointer. */
let goesBelow: bool = false;

function isSmall(bytes: u64): bool {
  return bytes - 1 < version.MOST_BYTES && !goesBelow;
}

function isOurs(pointer: u64): bool {
  return !goesBelow && arenas.isOurs(pointer);
}

function isTooLarge(bytes: u64): bool {
  if (bytes <= MOST_REQUEST) return false;
  fail(Failure.AddressSpace, bytes, ADDRESS_LIMIT);
  return true;
}

/** A block in an arena; 0 if the request is not small, or there is no memory for an arena. */
function takeSmall(bytes: u64): u64 {
  return isSmall(bytes) ? small.take(bytes) : 0;
}

function allocate(bytes: u64): u64 {
  const block = takeSmall(bytes);
  return block ? block : layer.malloc(max(bytes, 1));
}

/** Whether a block of so many bytes stays where it is: at most a quarter of it would be given up. */
function stays(held: u64, bytes: u64): bool {
  return bytes <= held && 4 * bytes > 3 * held;
}

export class Model extends Layer {
  configure(option: u32, value: f64): bool {
    if (option >= <u32>Option.Count) return layer.configure(option - Option.Count, value);
    if (option == Option.Python && value < Version.Count) chosen = <i32>value;
    else if (option == Option.Arenas && value < Arenas.Count) arenas.setSource(<u32>value);
    else if (option == Option.Step && (value == 16 || (value == 8 && version.mayStepBy8(chosen))))
      step = <u64>value;
    else if (option == Option.Domain && value < Domain.Count) domain = <u32>value;
    else return false;
    return true;
  }

  start(): void {
    version.choose(chosen, step);
    const isOfC = domain == Domain.Raw || (domain == Domain.Mem && chosen == Version.V27);
    goesBelow = isOfC || arenas.source == Arenas.None;
    layer.start();
  }

  malloc(bytes: u64): u64 {
    return isTooLarge(bytes) ? 0 : allocate(bytes);
  }

  calloc(bytes: u64): u64 {
    if (isTooLarge(bytes)) return 0;
    const block = version.hasCalloc ? takeSmall(bytes) : 0;
    if (!block) return layer.calloc(version.hasCalloc ? max(bytes, 1) : bytes);
    clear(block, bytes);
    return block;
  }

  realloc(pointer: u64, bytes: u64): u64 {
    if (isTooLarge(bytes)) return 0;
    if (!pointer && !goesBelow) return allocate(bytes);
    if (!isOurs(pointer)) return layer.realloc(pointer, max(bytes, 1));
    const held = small.bytesOf(pointer);
    if (stays(held, bytes)) return pointer;
    const moved = allocate(bytes);
    if (!moved) return 0;
    copy(moved, pointer, min(held, bytes));
    small.give(pointer);
    return moved;
  }

  free(pointer: u64): void {
    if (pointer && isOurs(pointer)) small.give(pointer);
    else if (pointer || goesBelow) layer.free(pointer);
  }

  usableSize(pointer: u64): u64 {
    return isOurs(pointer) ? small.bytesOf(pointer) : layer.usableSize(pointer);
  }

  inUse(): u64 {
    return small.liveBytes + layer.inUse();
  }

  system(): u64 {
    return layer.system() + (arenas.source == Arenas.Mmap ? arenas.current * version.arenaBytes : 0);
  }

  tellFree(): void {
    tellFree();
    layer.tellFree(FreeList.Count);
  }

  /** All bytes of arenas that are in no live block. Headers are among them. */
  cached(): u64 {
    return layer.cached() + arenas.current * version.arenaBytes - small.liveBytes;
  }

  statistic(which: u32): u64 {
    return which < <u32>Statistic.Count ? statistic(which) : layer.statistic(which - Statistic.Count);
  }

  check(): void {
    check();
    layer.check();
  }
}
