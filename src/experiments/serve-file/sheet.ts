/** What people read of serving a file: a row for each way, and a sentence that says what it means. */

import { formatBytes, formatCount } from "../../base/bytes.js";
import { formatCell, formatSize } from "../../base/numbers.js";
import { allocatorLabel } from "../../report/label.js";
import { type ColumnOf, plainColumns, rowOf, type Sheet } from "../../report/sheet.js";
import type { ServeFileReport, ServeFileResult, ServeRound, ServeWay } from "../../results/serve-file.js";

type ServeColumn = ColumnOf<[ServeFileResult]>;

const right = (header: readonly string[], text: ServeColumn["text"], spare?: number): ServeColumn => ({
  ...{ header, align: "right" as const, text },
  ...(spare !== undefined && { spare }),
});

const COLUMNS: readonly ServeColumn[] = [
  { header: ["allocator"], align: "left", text: allocatorLabel },
  { header: ["way"], align: "left", text: ({ way }) => way },
  right(["first time", "from disk"], ({ first }) => formatCell(first.diskReadBytes)),
  right(["first time", "faults"], ({ first }) => formatCount(first.faults)),
  right(["again", "from disk"], ({ again }) => formatCell(again.diskReadBytes), 2),
  right(["again", "faults"], ({ again }) => formatCount(again.faults)),
  right(["each time", "copied"], ({ again }) => formatCell(copiedBytes(again))),
  right(["", "page cache"], ({ cachedBytes }) => formatCell(cachedBytes)),
  right(["resident", "anonymous"], ({ resident }) => formatCell(resident.anonymous)),
  right(["resident", "file"], ({ resident }) => formatCell(resident.file)),
];

/** Bytes that were copied between kernel and program. */
export const copiedBytes = ({ copiedToUser, copiedFromUser }: ServeRound) => copiedToUser + copiedFromUser;

/** One row per result, in order. */
export function serveFileSheet({ results, parameters }: ServeFileReport): Sheet {
  return {
    heading: serveFileHeading(parameters),
    columns: plainColumns(COLUMNS),
    rows: results.map((result) => rowOf(COLUMNS, result)),
    sentences: [
      ...results.map(sentence),
      "The page cache holds the file once, whoever serves it, and belongs to no process; a mapping counts it as resident (RssFile) besides.",
    ],
  };
}

/** Says in one line what was run. */
export const serveFileHeading = ({ size, buffer }: ServeFileReport["parameters"]) =>
  `a file of ${formatSize(size)} is written to a socket, twice (read: by a buffer of ${formatSize(buffer)})`;

const MEANINGS: Record<ServeWay, (result: ServeFileResult) => string> = {
  read: ({ resident }) =>
    `each byte is copied twice, into the buffer and out of it, and ${formatBytes(resident.anonymous)} of the program's own memory are all that it takes`,
  mmap: ({ first, again, resident }) =>
    `each byte is copied once; ${formatCount(first.faults)} faults map up to 16 pages each, and while the mapping stands there are ${formatCount(again.faults)} when it is served again, for ${formatBytes(resident.file)} are mapped`,
  sendfile: () =>
    "nothing is copied to the program, mapped or faulted in: pages go from the cache to the socket",
};

const sentence = (result: ServeFileResult) =>
  `${result.way}: ${MEANINGS[result.way](result)}. ${formatBytes(copiedBytes(result.again))} are copied each time.`;
