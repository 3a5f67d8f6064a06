/** How loads and figures are written. */
import { formatCount } from "../../base/bytes.js";
import { formatShare, formatSize } from "../../base/numbers.js";
import type { SocketsLoad, SocketsMachine } from "../../results/sockets.js";

/** How sure it all is. */
export const BASIS =
  "Nothing here was measured on two sockets: it is arithmetic of the parameters, whose defaults lie where published figures do.";

/** Says in one line what was run. */
export const socketsHeading = ({ sockets, workers, cache, hit, local, remote }: SocketsMachine) =>
  `nanoseconds of an access to data in copies on ${counted(sockets, "socket")} of ${counted(workers, "worker")} and ${formatSize(cache)} of cache: ${hit} ns there, ${local} in memory near by, ${remote} in another's`;

/** A load in words, as a job is called. */
export const loadLabel = ({ data, line, written }: SocketsLoad): string =>
  `${formatSize(data)}, ${formatShare(written, 1)} written, ${lineLabel({ line })}`;

export const lineLabel = ({ line }: Pick<SocketsLoad, "line">): string =>
  line === 0 ? "no limit of bandwidth" : `${line} ns a line`;

export const copiesLabel = (copies: number): string =>
  copies === 1 ? "1 copy" : `${formatCount(copies)} copies`;

/** To three digits. */
export const formatNs = (ns: number): string =>
  ns >= 99.95 ? Math.round(ns).toLocaleString("en-US") : String(Number(ns.toPrecision(3)));

export const counted = (count: number, what: string): string =>
  `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
