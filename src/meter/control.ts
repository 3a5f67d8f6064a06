/** Instructions by what they do to the flow of control. */
import { Op } from "../wasm/opcodes.js";

/** Before these, touches are noted, since they may go elsewhere. */
export const BRANCHES = new Set<number>([Op.If, Op.BrIf, Op.BrOnNull, Op.BrOnNonNull]);
/** After these, the host may have reset the notes. */
export const CALLS = new Set<number>([Op.Call, Op.CallIndirect, Op.CallRef]);
/** These leave the function: jumps to one of many places, return, throws, tail calls, traps. */
export const EXITS = new Set<number>([
  ...[Op.Unreachable, Op.Throw, Op.Rethrow, Op.ThrowRef, Op.BrTable, Op.Return],
  ...[Op.ReturnCall, Op.ReturnCallIndirect, Op.ReturnCallRef],
]);
/** These leave it where their label is the function itself. */
export const JUMPS = new Set<number>([Op.Br, Op.BrIf, Op.BrOnNull, Op.BrOnNonNull]);
export const OPENINGS = new Set<number>([Op.Block, Op.Loop, Op.If, Op.Try, Op.TryTable]);
export const CLOSINGS = new Set<number>([Op.End, Op.Delegate]);
/** After these, control comes from elsewhere or is gone: loop, else, end, catches, jumps, throws, tail calls. */
export const BORDERS = new Set<number>([
  ...EXITS,
  ...[Op.Loop, Op.Else, Op.Catch, Op.End, Op.Br, Op.Delegate, Op.CatchAll],
]);
