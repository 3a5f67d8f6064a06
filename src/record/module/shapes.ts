/** What the bodies of functions do, as far as their instructions show: so functions are known that have no names. */
import { ACCESSES } from "../../wasm/effects.js";
import { readLocals } from "../../wasm/functions.js";
import { type Instruction, readInstruction } from "../../wasm/instructions.js";
import { Op } from "../../wasm/opcodes.js";
import type { BinaryReader } from "../../wasm/reader.js";

/** The instructions of a body, from the first on. */
function* instructionsOf(body: BinaryReader): Generator<Instruction> {
  const reader = body.fork();
  readLocals(reader);
  while (!reader.done) yield readInstruction(reader);
}

/** The functions that a body calls, each as often as it does. */
export function* calledIn(body: BinaryReader): Generator<number> {
  for (const { opcode, operand } of instructionsOf(body)) {
    if (opcode === Op.Call || opcode === Op.ReturnCall) yield operand;
  }
}

/** The function that a body calls with its own parameters in their order, if it does nothing else. */
export function forwardedBy(body: BinaryReader, parameters: number): number | undefined {
  const reader = body.fork();
  if (readLocals(reader).count > 0) return undefined;
  for (let parameter = 0; parameter < parameters; parameter++) {
    const { opcode, operand } = readInstruction(reader);
    if (opcode !== Op.LocalGet || operand !== parameter) return undefined;
  }
  const [call, end] = [readInstruction(reader), reader.done ? undefined : readInstruction(reader)];
  return call.opcode === Op.Call && end?.opcode === Op.End ? call.operand : undefined;
}

/** Whether a body has an instruction that fills memory. */
export function fills(body: BinaryReader): boolean {
  for (const { opcode } of instructionsOf(body)) if (opcode === Op.MemoryFill) return true;
  return false;
}

/** The addresses at which a body reads what has a fixed place. */
export function staticsIn(body: BinaryReader): Set<number> {
  const found = new Set<number>();
  let last: Instruction | undefined;
  for (const instruction of instructionsOf(body)) {
    const isRead = (ACCESSES.get(instruction.opcode)?.reads ?? 0) > 0;
    if (isRead && last?.opcode === Op.I32Const) found.add(last.operand + instruction.offset);
    last = instruction;
  }
  return found;
}

/**
 * Whether a body is that of memset(address, value, bytes), if it takes three numbers and gives one: in a loop it stores its
 * second parameter, which stays as it is, byte by byte; it reads nothing, calls nothing, and gives its first.
 */
export function isMemset(body: BinaryReader): boolean {
  let [loops, stores] = [false, false];
  const last: Instruction[] = [];
  for (const instruction of instructionsOf(body)) {
    const { opcode, operand } = instruction;
    const access = ACCESSES.get(opcode);
    if (access?.reads || opcode === Op.Call || opcode === Op.CallIndirect) return false;
    if ((opcode === Op.LocalSet || opcode === Op.LocalTee) && operand === VALUE) return false;
    if (opcode === Op.Loop) loops = true;
    if (opcode === Op.I32Store8 && isGet(last.at(-1), VALUE)) stores = true;
    last.push(instruction);
    if (last.length > 2) last.shift();
  }
  return loops && stores && isGet(last[0], 0);
}

const VALUE = 1; // of memset's parameters

/**
 * Whether a body is that of alloc_zeroed(bytes, align): it calls one of `allocators` with its own parameters, and then one of
 * `memsets`, or memory.fill, to clear as many bytes as it was asked for.
 */
export function givesZeroed(
  body: BinaryReader,
  allocators: ReadonlySet<number>,
  memsets: ReadonlySet<number>,
): boolean {
  let allocates = false;
  let before: Instruction | undefined;
  let last: Instruction | undefined;
  for (const instruction of instructionsOf(body)) {
    const { opcode, operand } = instruction;
    const isCall = opcode === Op.Call;
    if (isCall && allocators.has(operand))
      allocates ||= isGet(last, 0) || (isGet(before, 0) && isGet(last, 1));
    const isClearing = opcode === Op.MemoryFill || (isCall && memsets.has(operand));
    if (allocates && isClearing && before?.opcode === Op.I32Const && before.operand === 0 && isGet(last, 0))
      return true;
    [before, last] = [last, instruction];
  }
  return false;
}

const isGet = (instruction: Instruction | undefined, local: number): boolean =>
  instruction?.opcode === Op.LocalGet && instruction.operand === local;
