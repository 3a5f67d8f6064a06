import { createHash } from "node:crypto";
import type { BenchRecord } from "./record.js";

/** SHA-256 of some bytes, in hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What two records have to have in common to be parts of one run, as one hash. */
export function identityOf(
  plan: Pick<BenchRecord, "version" | "parameters" | "baseline" | "subjects" | "traces">,
) {
  const { version, parameters, baseline, subjects, traces } = plan;
  const settings = Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1));
  return hashOf(Buffer.from(JSON.stringify({ version, settings, baseline, subjects, traces })));
}
