/**
 * Links: a state (state.ts) in which a long program is packed. Packing takes time, so it is done once, when the
 * program is run, and not whenever the person looks elsewhere.
 *
 *      text ─→ deflate ─→ base64url ─→ packed=…
 */
import { OptionError } from "../index.js";
import { type Input, parseState, type ViewState } from "./state.js";

/** Longest program that a link shows as it is typed, and longest packed one, in characters. */
const MOST_PLAIN = 400;
const MOST_PACKED = 32 * 1024;

type Text = Extract<Input, { kind: "text" }>;

/** The program in the form in which a link has it; undefined if it is too long for a link. */
export async function packed(input: Text): Promise<Text | undefined> {
  if (input.packed !== undefined || encodeURIComponent(input.text).length <= MOST_PLAIN) return input;
  const text = await pack(input.text);
  return text.length <= MOST_PACKED ? { ...input, packed: text } : undefined;
}

/** Reads a fragment. @throws OptionError naming the field and what it takes. */
export async function readLink(fragment: string): Promise<ViewState> {
  const state = parseState(fragment);
  const { input } = state;
  if (input.kind !== "text" || input.packed === undefined) return state;
  return { ...state, input: { ...input, text: await unpack(input.packed) } };
}

async function pack(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unpack(text: string): Promise<string> {
  if (text.length > MOST_PACKED)
    throw new OptionError("packed: this is longer than a link is: open the file instead");
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return await new Response(stream).text();
  } catch (cause) {
    throw new OptionError("packed: this link is damaged: copy all of it", { cause });
  }
}
