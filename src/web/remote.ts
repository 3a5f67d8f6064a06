/** Files of other servers, which a link names by their addresses. */
import { formatBytes, OptionError } from "../index.js";
import { plainName } from "./plain-name.js";

const MIB = 2 ** 20;

/** Most bytes that are fetched. */
const MOST = { trace: 512 * MIB, module: 64 * MIB };

/** A file that cannot be had from where a link says that it lies. */
export class RemoteError extends Error {
  override name = "RemoteError";
}

export const isAddress = (text: string): boolean => /^https?:\/\//i.test(text);

/** The name of the file at an address. @throws OptionError naming the field. */
export function nameAt(address: string, field: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch (cause) {
    throw new OptionError(`${field}: "${address}" is not an address`, { cause });
  }
  if (url.username || url.password)
    throw new OptionError(`${field}: an address with a password is not fetched: leave it out`);
  return plainName(decoded(url.pathname.split("/").at(-1) || url.hostname));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Fetches a file, without cookies, and without telling from where.
 * @throws RemoteError if its server does not give it to this page, or more than is taken; AbortError.
 */
export async function fetchRemote(
  address: string,
  kind: keyof typeof MOST,
  signal: AbortSignal,
): Promise<Blob> {
  const response = await fetch(address, {
    ...{ credentials: "omit", referrerPolicy: "no-referrer", signal },
  }).catch((cause: Error) => {
    throw cause.name === "AbortError" ? cause : new RemoteError(unread(address), { cause });
  });
  if (!response.ok)
    throw new RemoteError(`${address}: its server answers ${response.status} ${response.statusText}`.trim());
  return new Blob(await partsOf(response, MOST[kind], address));
}

/** All parts of an answer, which ends where it is too long, whatever its head said. */
async function partsOf(response: Response, most: number, address: string): Promise<BlobPart[]> {
  const parts: BlobPart[] = [];
  let bytes = Number(response.headers.get("content-length"));
  const reader = response.body?.getReader();
  for (let read = 0; reader; ) {
    if (Math.max(bytes, read) > most) {
      await reader.cancel();
      throw new RemoteError(`${address}: this is more than the ${formatBytes(most)} that are fetched`);
    }
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    read += value.length;
    bytes = read;
  }
  return parts;
}

function unread(address: string): string {
  const isMixed = globalThis.location?.protocol === "https:" && address.toLowerCase().startsWith("http:");
  const why = isMixed
    ? "a page from https cannot read what comes by http"
    : "its server cannot be reached, or does not let other pages read it (it has to send Access-Control-Allow-Origin)";
  return `${address}: ${why}`;
}
