import { collectTrace } from "../../src/trace/collect.js";
import { readTrace } from "../../src/trace/read.js";

/** The records of a trace in our text form. */
export async function textTrace(text: string): Promise<Uint8Array> {
  return (await collectTrace(await readTrace(text))).records;
}
