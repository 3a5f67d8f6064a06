/** What the next view is: of what is chosen in the form, or with a file that the person gave. */
import { findBuiltIn } from "../allocator/built-in.js";
import { apart, asTrace, type Files, names, sideFor } from "./files.js";
import type { Choice } from "./protocol.js";
import { DEFAULT, SIDES, type Side, shortened, type ViewState } from "./state.js";

export type Choices = Pick<ViewState, "input" | "touch" | "sides">;

/** A view to run, with its files. */
export interface Wanted {
  state: ViewState;
  files: Files;
  /** A sentence that the person should read about it. */
  advice?: string;
}

/** What there is: the view that is shown, and one that lacks a file. */
export interface There {
  shown: ViewState | undefined;
  lacking: ViewState | undefined;
  files: Files;
}

const SHORTENED =
  "There are fewer rounds than before, because a module really clears its blocks. Change the program to run more.";

/** Another program or allocator, looked at from the start, as the person likes to look. */
export function afresh({ input, touch, sides }: Choices, { shown, files }: There): Wanted {
  const { hidden, speed, apart, follows } = shown ?? DEFAULT;
  return { state: { ...DEFAULT, input, touch, sides, hidden, speed, apart, follows }, files };
}

/** What the form says; if a built-in module is new in it, first with fewer rounds. */
export function chosen(choices: Choices, there: There): Wanted {
  const isNew = ({ allocator }: Choice, side: number) =>
    findBuiltIn(allocator) !== undefined && allocator !== there.shown?.sides[side]?.allocator;
  return choices.sides.some(isNew) ? short(choices, there) : afresh(choices, there);
}

function short(choices: Choices, there: There): Wanted {
  const input = shortened(choices.input);
  const isShorter = JSON.stringify(input) !== JSON.stringify(choices.input);
  return { ...afresh({ ...choices, input }, there), ...(isShorter && { advice: SHORTENED }) };
}

/** The view that a file belongs to: the one that lacks it, or else the one that is shown. */
function stateFor(name: string, { shown, lacking }: There): ViewState {
  const lacks = lacking && names(lacking, name);
  return (lacks ? lacking : shown) ?? lacking ?? DEFAULT;
}

/** The side that waits for a module of this name, if any. */
export const sideWaiting = (name: string, there: There): Side | undefined =>
  sideFor(stateFor(name, there), name);

export function withModule(given: File, side: Side, there: There): Wanted {
  const state = stateFor(given.name, there);
  const file = apart(given, side, state, there.files);
  const files = new Map(there.files).set(file.name, file);
  const sides: ViewState["sides"] = [...state.sides];
  sides[side] = { allocator: file.name, options: {} };
  // The file a link asks for: the rest of the link holds.
  if (state.sides[side].allocator === file.name) return { state: { ...state, sides }, files };
  return short({ ...state, sides }, { ...there, files });
}

export function withTrace(given: File, there: There): Wanted {
  const file = asTrace(given);
  const state = stateFor(given.name, there);
  const { input } = state;
  const files = new Map(there.files).set(file.name, file);
  // The file a link asks for: the rest of the link holds.
  if (input.kind === "file" && input.name === file.name) {
    const { url: _, ...local } = input;
    return { state: { ...state, input: local }, files };
  }
  return afresh({ ...state, input: { kind: "file", name: file.name } }, { ...there, files });
}

/** With the JavaScript beside a module. `isAwaited`: the view has a module that this may be of. */
export function withScript(file: File, there: There): Wanted & { isAwaited: boolean } {
  const state = stateFor(file.name, there);
  const files = new Map(there.files).set(file.name, file);
  return { state, files, isAwaited: SIDES.some((side) => files.has(state.sides[side].allocator)) };
}
