import { type ArenaFigures, arenasOf, type ChunkRow } from "./glibc-figures.js";
import type { Sandbox } from "./sandbox.js";

/** What malloc_info says of an arena, and of all of them. */
interface Totals {
  /** Measured: 2.43, which has no fastbins, says nothing of them. */
  fast?: Chunks;
  /** Those in bins, and the top. */
  rest: Chunks;
  system: number;
  mostSystem: number;
  writable: number;
}

interface Chunks {
  chunks: number;
  bytes: number;
}

const add = (one: Chunks, other: Chunks): Chunks => ({
  chunks: one.chunks + other.chunks,
  bytes: one.bytes + other.bytes,
});

const NONE: Chunks = { chunks: 0, bytes: 0 };

function totalsOf(arena: ArenaFigures): Totals {
  const { rows, top, system, mostSystem, writable, hasFastbins } = arena;
  const all = (isFast: boolean) => rows.filter(({ kind }) => (kind === "fast") === isFast).reduce(add, NONE);
  return {
    ...{ system, mostSystem, writable },
    ...(hasFastbins && { fast: all(true) }),
    rest: add(all(false), { chunks: 1, bytes: top }),
  };
}

const addTotals = (one: Totals, other: Totals): Totals => ({
  ...(one.fast && other.fast && { fast: add(one.fast, other.fast) }),
  rest: add(one.rest, other.rest),
  system: one.system + other.system,
  mostSystem: one.mostSystem + other.mostSystem,
  writable: one.writable + other.writable,
});

// ---- The text ----

const total = (type: string, { chunks, bytes }: Chunks): string =>
  `<total type="${type}" count="${chunks}" size="${bytes}"/>\n`;

const size = (element: string, type: string, bytes: number): string =>
  `<${element} type="${type}" size="${bytes}"/>\n`;

const row = ({ kind, least, most, bytes, chunks }: ChunkRow): string =>
  `  <${kind === "unsorted" ? kind : "size"} from="${least}" to="${most}" total="${bytes}" count="${chunks}"/>\n`;

const free = ({ fast, rest }: Totals): string => (fast ? total("fast", fast) : "") + total("rest", rest);

const space = ({ system, mostSystem, writable }: Totals): string =>
  size("system", "current", system) +
  size("system", "max", mostSystem) +
  size("aspace", "total", system) +
  size("aspace", "mprotect", writable);

/** The row of the unsorted bin is the last one. */
function heap(arena: ArenaFigures, number: number): string {
  const totals = totalsOf(arena);
  const isLast = ({ kind }: ChunkRow) => kind === "unsorted";
  const rows = [...arena.rows.filter((one) => !isLast(one)), ...arena.rows.filter(isLast)];
  return [
    `<heap nr="${number}">\n<sizes>\n`,
    ...rows.map(row),
    `</sizes>\n`,
    free(totals) + space(totals),
    arena.heaps ? size("aspace", "subheaps", arena.heaps) : "",
    "</heap>\n",
  ].join("");
}

/**
 * The XML that malloc_info of glibc would write, for a sandbox of the model `glibc`.
 * @throws SandboxError for any other model.
 */
export function mallocInfo(sandbox: Sandbox): string {
  const arenas = arenasOf(sandbox, "malloc_info");
  const totals = arenas.map(totalsOf).reduce(addTotals);
  const { hblks = 0, hblkhd = 0 } = sandbox.statistics();
  return [
    '<malloc version="1">\n',
    ...arenas.map(heap),
    free(totals) + total("mmap", { chunks: hblks, bytes: hblkhd }) + space(totals),
    "</malloc>\n",
  ].join("");
}
