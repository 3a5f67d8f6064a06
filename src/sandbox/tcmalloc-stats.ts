/** What malloc_stats of tcmalloc prints. */
import { Figure } from "#shared/tcmalloc";
import type { Sandbox } from "./sandbox.js";

const MIB = 2 ** 20;
const RULE = `${"-".repeat(48)}\n`;
const SUM = "MALLOC:   ------------\n";
const ADVICE = [
  "Call ReleaseFreeMemory() to release freelist memory to the OS (via madvise()).\n",
  "Bytes released to the OS take up virtual address space but no physical memory.\n",
];

/** The nearest tenth of so many MiB; halfway between two the even one, as printf has it. */
function mebibytes(bytes: number): string {
  const tenths = (10 * bytes) / MIB;
  const lower = Math.floor(tenths);
  const rounded = tenths - lower === 0.5 ? lower + (lower % 2) : Math.round(tenths);
  return (rounded / 10).toFixed(1).padStart(7);
}

/** For a sandbox of the model, or of a layer over it. The real one allocates a block for this text and frees it, as the model does. */
export function tcmallocStats(sandbox: Sandbox): string {
  const figures = sandbox.figures(0) ?? [];
  const digits = (which: Figure) => String(figures[which]).padStart(12);
  const bytes = (sign: string, which: Figure, name: string) =>
    `MALLOC: ${sign} ${digits(which)} (${mebibytes(figures[which] ?? 0)} MiB) ${name}\n`;
  const count = (which: Figure, name: string) => `MALLOC:   ${digits(which)}              ${name}\n`;
  return [
    RULE,
    bytes(" ", Figure.InUse, "Bytes in use by application"),
    bytes("+", Figure.PageHeap, "Bytes in page heap freelist"),
    bytes("+", Figure.Central, "Bytes in central cache freelist"),
    bytes("+", Figure.Transfer, "Bytes in transfer cache freelist"),
    bytes("+", Figure.Thread, "Bytes in thread cache freelists"),
    bytes("+", Figure.Metadata, "Bytes in malloc metadata"),
    SUM,
    bytes("=", Figure.Actual, "Actual memory used (physical + swap)"),
    bytes("+", Figure.Released, "Bytes released to OS (aka unmapped)"),
    SUM,
    bytes("=", Figure.Virtual, "Virtual address space used"),
    "MALLOC:\n",
    count(Figure.Spans, "Spans in use"),
    count(Figure.Heaps, "Thread heaps in use"),
    count(Figure.PageSize, "Tcmalloc page size"),
    RULE,
    ...ADVICE,
  ].join("");
}
