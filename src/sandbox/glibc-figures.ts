/** What the model of glibc says of its arenas, for the texts that the real one prints. */
import { ArenaFigure, RowFigure } from "#shared/glibc";
import { SandboxError } from "../base/errors.js";
import { baseNameOf } from "./model-info.js";
import type { Sandbox } from "./sandbox.js";

/** Free chunks of one size or one bin. Bytes of those in a bin count the flags in their size words. */
export interface ChunkRow {
  kind: "fast" | "unsorted" | "bin";
  /** Bytes of the smallest and of the largest. */
  least: number;
  most: number;
  bytes: number;
  chunks: number;
}

/** An arena, in bytes. */
export interface ArenaFigures {
  system: number;
  mostSystem: number;
  /** What its heaps were ever allowed to write. */
  writable: number;
  /** How many heaps; none of the main arena, which has no heaps of that kind. */
  heaps: number;
  inUse: number;
  top: number;
  /** The release has fastbins. */
  hasFastbins: boolean;
  rows: ChunkRow[];
}

/** Whether a model is that of glibc, or a layer over it. */
export function hasArenas(model: string): boolean {
  return baseNameOf(model) === "glibc";
}

/** The arenas in the order of glibc's ring: the main one, then the newest first. @throws SandboxError where there is none. */
export function arenasOf(sandbox: Sandbox, asked: string): ArenaFigures[] {
  if (!hasArenas(sandbox.model))
    throw new SandboxError(`only the model glibc has ${asked}; this is ${sandbox.model}`);
  const arenas: ArenaFigures[] = [];
  for (let figures = sandbox.figures(0); figures; figures = sandbox.figures(arenas.length))
    arenas.push(readArena(figures));
  return arenas;
}

function readArena(figures: number[]): ArenaFigures {
  const of = (figure: ArenaFigure) => figures[figure] as number;
  const rows: ChunkRow[] = [];
  for (let at: number = ArenaFigure.Count; at < figures.length; at += RowFigure.Count)
    rows.push(readRow(figures.slice(at, at + RowFigure.Count)));
  return {
    system: of(ArenaFigure.System),
    mostSystem: of(ArenaFigure.MostSystem),
    writable: of(ArenaFigure.Writable),
    heaps: of(ArenaFigure.Heaps),
    inUse: of(ArenaFigure.InUse),
    top: of(ArenaFigure.Top),
    hasFastbins: of(ArenaFigure.HasFastbins) === 1,
    rows,
  };
}

function readRow(figures: number[]): ChunkRow {
  const of = (figure: RowFigure) => figures[figure] as number;
  return {
    kind: (["fast", "unsorted"] as const)[of(RowFigure.Bin)] ?? "bin",
    least: of(RowFigure.Least),
    most: of(RowFigure.Most),
    bytes: of(RowFigure.Sum),
    chunks: of(RowFigure.Chunks),
  };
}
