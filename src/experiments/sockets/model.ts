/**
 * What an access costs on a machine of several sockets, by how many copies there are of the data. Arithmetic of stated
 * parameters; nothing in it was measured.
 *
 *      one copy                              one on each socket
 *      ┌ socket 0 ┐      ┌ socket 1 ┐        ┌ socket 0 ┐      ┌ socket 1 ┐
 *      │ workers  │      │ workers  │        │ workers  │      │ workers  │
 *      │ cache    │      │ cache    │        │ cache    │      │ cache    │
 *      │ ▓ data   ├──────┤          │        │ ▓ data   ├──────┤ ▓ data   │
 *      └──────────┘remote└──────────┘        └──────────┘      └──────────┘
 *      half of all misses are remote         none is, and two memories answer
 *
 * Lines are read at random. A cache holds as much as it can of all that its workers read; what a socket shares with
 * others, their writes take out of it. A write goes to every copy.
 */
import type { SocketsLoad, SocketsMachine, SocketsPoint } from "../../results/sockets.js";

/** Where copies lie, as far as an access can tell. Of numbers that do not divide evenly, the socket that is worst off. */
interface Placement {
  /** Bytes of all copies, and those that one socket's workers read. */
  memory: number;
  footprint: number;
  /** Share of misses that are answered by the memory of the reader's own socket. */
  local: number;
  /** Sockets whose workers read from the busiest memory. */
  readers: number;
  /** Sockets that share a copy: what one writes, the others' caches lose. */
  sharers: number;
  /** Copies that a write goes to, and those of them in the busiest memory. */
  written: number;
  writtenThere: number;
}

/** The costs with so many copies, spread evenly. Each worker reads from the one that is nearest. */
export function costOfCopies(machine: SocketsMachine, load: SocketsLoad, copies: number): SocketsPoint {
  const { sockets } = machine;
  const onEach = Math.ceil(copies / sockets);
  const sharers = Math.ceil(sockets / copies);
  const placement: Placement = {
    memory: copies * load.data,
    footprint: onEach * load.data,
    local: Math.min(1, copies / sockets),
    readers: sharers,
    sharers,
    written: copies,
    writtenThere: onEach,
  };
  return { copies, ...costOf(machine, load, placement) };
}

/**
 * The costs where workers are processes that a fork made, one of them the parent. A copy on write lies where the writer
 * runs, so each process has a `copied` share of its own near by, and the rest lies with the parent. What it writes it
 * writes to its own pages, and that costs what reading them does.
 */
export function costOfFork(machine: SocketsMachine, load: SocketsLoad, copied: number): SocketsPoint {
  const { sockets, workers } = machine;
  const kept = 1 - copied;
  const placement: Placement = {
    memory: load.data * (kept + copied * sockets * workers),
    footprint: load.data * (kept + copied * workers),
    local: kept / sockets + copied,
    readers: kept * sockets + copied,
    ...{ sharers: 1, written: 0, writtenThere: 0 },
  };
  return { copies: 1, copied, ...costOf(machine, { ...load, written: 0 }, placement) };
}

function costOf(
  machine: SocketsMachine,
  { line, written }: SocketsLoad,
  place: Placement,
): Omit<SocketsPoint, "copies" | "copied"> {
  const { sockets, workers, cache, hit, local, remote } = machine;
  const { memory, footprint, sharers, readers } = place;
  // Between two uses of a line each worker of the sharing sockets makes one access, and writes it this often.
  const kept = Math.max(0, 1 - written * workers * (sharers - 1));
  const hits = Math.min(1, cache / footprint) * kept;
  const miss = place.local * local + (1 - place.local) * remote;
  const read = hits * hit + (1 - hits) * miss;
  // A write waits for its own cache, and for the line where another socket may have it.
  const write = hit + (remote * (sockets - 1)) / sockets;
  const latency = (1 - written) * read + written * place.written * write;
  const lines = (1 - written) * (1 - hits) * readers + written * sockets * place.writtenThere;
  const queue = line * workers * lines;
  return { memory, footprint, hits, latency, queue, ns: Math.max(latency, queue) };
}
