import { createHash } from "node:crypto";

/** @param {Uint8Array | string} contents */
export function hash(contents) {
  return createHash("sha256").update(contents).digest("base64url");
}
