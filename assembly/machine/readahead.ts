/**
 * What Linux reads from the disk when a page that is not cached is asked for. Measured with 6.18, ext4 and windows of at
 * most 32, 640 and 2,048 pages.
 *
 * What is read in sequence has a window, in which one page is the marker: whoever reads it has the next window read, too.
 *
 *      first read      │ asked │ ahead         │
 *                              ▲ marker
 *      marker read                             │ next window, four times or twice as large … │
 *                                              ▲ marker
 *
 * The kernel reads while the program goes on. Here all is there at once.
 */
import { FileKind } from "../shared/kernel";
import { cache, File, fetch, isCached } from "./files";

/** Most pages of a window; 0 to read nothing ahead. 128 KiB is what Linux begins with. */
export let most: u64 = 32;

export function limit(pages: u64): void {
  most = pages;
}

/** Has a page cached that the program is about to read by a system call, which asks for so many from it on. */
export function prepare(file: File, page: u64, asked: u64): void {
  if (file.kind == FileKind.Memory) return;
  if (!isCached(file, page)) {
    if (most == 0) cache(file, page, false);
    else if (isInSequence(file, page) || asked > most) startWindow(file, page, asked);
    else fetch(file, page, page + asked);
  }
  if (most != 0 && page - file.marker < file.markerPages) nextWindow(file);
  file.lastRead = page;
}

function isInSequence(file: File, page: u64): bool {
  return page == 0 || page - file.lastRead <= 1;
}

function startWindow(file: File, page: u64, asked: u64): void {
  const pages = firstSize(asked);
  const ahead = pages > asked ? pages - asked : pages;
  file.order = 0;
  setWindow(file, page, page + pages, page + pages - ahead, 1);
}

/** Pages of a first window, for so many that are asked for. */
function firstSize(asked: u64): u64 {
  if (asked > most) return most;
  let pages: u64 = 1;
  while (pages < asked) pages <<= 1;
  if (pages <= most / 32) return 4 * pages;
  return pages <= most / 4 ? 2 * pages : most;
}

/** Reads the window behind the last one, in larger folios, of which it has whole ones. */
function nextWindow(file: File): void {
  const start = file.windowEnd;
  const pages = nextSize(start - file.windowStart);
  file.order = min(file.order + 2, 63 - <u32>clz(pages));
  const folio = (<u64>1) << file.order;
  const end = (start + pages) & ~(folio - 1);
  setWindow(file, start, end, start, min(folio, start & -start));
}

function nextSize(pages: u64): u64 {
  if (pages < most / 16) return 4 * pages;
  return pages <= most / 2 ? 2 * pages : most;
}

function setWindow(file: File, start: u64, end: u64, marker: u64, markerPages: u64): void {
  file.windowStart = start;
  file.windowEnd = end;
  file.marker = marker;
  file.markerPages = markerPages;
  fetch(file, start, end);
}

/** Has a page cached that the program touches in a mapping: the window is around it, unless touches are random. */
export function prepareMapped(file: File, page: u64, isRandom: bool): void {
  if (isRandom || most == 0) return fetch(file, page, page + 1);
  const start = page - min(page, most / 2);
  fetch(file, start, start + most);
}
