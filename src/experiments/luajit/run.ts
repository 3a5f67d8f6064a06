/**
 * How much of low memory an allocator leaves to LuaJIT, whose values without GC64 hold addresses below 2 GiB alone. It
 * asks for them by MAP_32BIT, and when that gives no more, at hints.
 *
 *      0       4 MiB                 1 GiB                  2 GiB
 *      ├────────┼─────────────────────┼──────────────────────┤
 *      │ hints  │ a program that is not position-independent │
 *      │        │ heap, grown by brk ─▶ … MAP_32BIT          │
 */

import { checkRange, checkWhole, LARGEST } from "../../base/arguments.js";
import { OutOfMemory } from "../../base/errors.js";
import type { LuajitPoint, LuajitResult } from "../../results/luajit.js";
import type { OptionValues } from "../../results/run.js";
import { openModel } from "../../sandbox/open.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { type ModelRun, notesOf } from "../open.js";

/** What `runLuajit` runs. */
export interface LuajitRun extends ModelRun {
  /** Bytes that the host loads before LuaJIT asks: a fresh process for each. */
  loaded: readonly number[];
  /** Size of the blocks that it loads. */
  block: number;
  /** Size of the pieces that LuaJIT asks for, at most 16 MiB. */
  piece: number;
}

/** LuaJIT takes addresses below this. */
const LIMIT = 2 ** 31;
/** How far apart it tries hints, and the lowest: Linux maps nothing below. */
const HINT_STEP = 2 ** 24;
const LOWEST = 65536;
/** Hints do not overlap. */
export const MOST_PIECE = HINT_STEP;

/**
 * Runs a model in a program that is not position-independent, unless its option `image` says otherwise.
 * @throws RangeError, OptionError; SandboxError where the kernel is not Linux; OutOfMemory
 */
export async function runLuajit(run: LuajitRun): Promise<LuajitResult> {
  const { model, options = {}, loaded, block, piece } = run;
  checkRange("block", block, 1, LARGEST);
  checkRange("piece", piece, 1, MOST_PIECE);
  const { check: _check, module: _module, ...settings } = options;
  const points: LuajitPoint[] = [];
  let notes: { notes?: string[] } = {};
  for (const bytes of loaded) {
    checkWhole("loaded", bytes);
    const sandbox = await openModel(model, { image: "nonPie", ...options });
    notes = notesOf(sandbox);
    points.push(probe(sandbox, bytes, run));
    if (options.check) sandbox.check();
    sandbox.close();
  }
  return { allocator: model, options: settings as OptionValues, ...notes, points };
}

function probe(sandbox: Sandbox, loaded: number, { model, block, piece }: LuajitRun): LuajitPoint {
  for (let left = loaded; left > 0; left -= block) {
    if (sandbox.malloc(Math.min(block, left)) === 0) {
      throw new OutOfMemory(`${model} has no memory for ${loaded} bytes: load less`);
    }
  }
  const taken = sandbox
    .regions()
    .reduce((sum, { address, bytes }) => sum + Math.max(0, Math.min(LIMIT, address + bytes) - address), 0);
  let low = 0;
  while (sandbox.map(piece, { low: true }) !== 0) low += piece;
  let hinted = 0;
  for (let hint = LOWEST; hint + piece <= LIMIT; hint += HINT_STEP) {
    if (sandbox.map(piece, { hint }) === hint) hinted += piece;
  }
  return { loaded, taken, low, hinted };
}
