/** Files of the naive machine: an object for each page that was ever cached or holds something, in a Map by its place. */

export interface FilePage {
  cached: boolean;
  dirty: boolean;
  content: Uint8Array | null;
  unknown: boolean;
}

export interface FileCounts {
  mapFaults: number;
  copyFaults: number;
  writableFaults: number;
  major: number;
  mappedAround: number;
  cachedPages: number;
  diskReadPages: number;
  diskWrittenPages: number;
  copiedToUser: number;
  copiedFromUser: number;
}

/** What was read ahead last: its end, and which pages have the next window read. */
interface Window {
  pages: number;
  end: number;
  order: number;
  marker: [from: number, to: number];
}

export class ReferenceFile {
  readonly pages = new Map<number, FilePage>();
  removed = false;
  private lastRead = -2;
  private window: Window = { pages: 0, end: 0, order: 0, marker: [-1, -1] };

  constructor(
    readonly isMemory: boolean,
    public length: number,
    isUnknown: boolean,
    private readonly pageBytes: number,
    private readonly count: FileCounts,
    private readonly zeroed: { kernel: number },
  ) {
    for (let place = 0; isUnknown && place < this.pageCount; place++) this.at(place).unknown = true;
  }

  get pageCount(): number {
    return Math.ceil(this.length / this.pageBytes);
  }

  at(place: number): FilePage {
    const page = this.pages.get(place) ?? { cached: false, dirty: false, content: null, unknown: false };
    this.pages.set(place, page);
    return page;
  }

  isCached(place: number): boolean {
    return this.pages.get(place)?.cached === true;
  }

  private cache(place: number): void {
    this.at(place).cached = true;
    if (this.isMemory) this.at(place).dirty = true;
    this.count.cachedPages += 1;
  }

  private fetch(from: number, to: number): void {
    for (let place = from; place < Math.min(to, this.pageCount); place++) {
      if (this.isCached(place)) continue;
      this.cache(place);
      this.count.diskReadPages += 1;
    }
  }

  /** A frame of zeroes for a hole of memory. */
  fill(place: number, zeroes: boolean): void {
    this.cache(place);
    if (zeroes) this.zeroed.kernel += this.pageBytes;
  }

  /** An access to a mapping has it cached. */
  faultIn(place: number, isRandom: boolean, most: number): void {
    if (this.isCached(place)) return;
    if (this.isMemory) {
      this.fill(place, true);
      return;
    }
    this.count.major += 1;
    const pages = isRandom || most === 0 ? 1 : most;
    const start = Math.max(0, place - Math.floor(pages / 2));
    this.fetch(start, start + pages);
  }

  /** A call is about to read a page, and `asked` from it on. */
  readAhead(place: number, asked: number, most: number): void {
    if (this.isMemory) return;
    if (!this.isCached(place)) {
      if (most === 0) this.fetch(place, place + 1);
      else if (place === 0 || place - this.lastRead === 0 || place - this.lastRead === 1 || asked > most) {
        const pages = firstSize(asked, most);
        const marker = pages > asked ? place + asked : place;
        this.window = { pages, end: place + pages, order: 0, marker: [marker, marker + 1] };
        this.fetch(place, place + pages);
      } else {
        this.fetch(place, place + asked);
      }
    }
    const { pages, end, order, marker } = this.window;
    if (most !== 0 && place >= marker[0] && place < marker[1]) this.readOn(pages, end, order, most);
    this.lastRead = place;
  }

  private readOn(pages: number, start: number, before: number, most: number): void {
    const wanted = pages < Math.floor(most / 16) ? 4 * pages : pages <= most / 2 ? 2 * pages : most;
    const order = Math.min(before + 2, Math.floor(Math.log2(wanted)));
    const end = Math.floor((start + wanted) / 2 ** order) * 2 ** order;
    let folio = 2 ** order;
    while (start % folio !== 0) folio /= 2;
    this.window = { pages: end - start, end, order, marker: [start, start + folio] };
    this.fetch(start, end);
  }

  /** A call is about to write a page. */
  prepareWrite(place: number, isWhole: boolean): void {
    if (!this.isCached(place)) {
      if (this.isMemory) this.fill(place, !isWhole);
      else if (isWhole || place >= this.pageCount) this.cache(place);
      else this.fetch(place, place + 1);
    }
    this.at(place).dirty = true;
  }

  sync(): void {
    if (this.isMemory) return;
    for (const page of this.pages.values()) {
      if (!page.dirty) continue;
      page.dirty = false;
      this.count.diskWrittenPages += 1;
    }
  }

  drop(from: number, to: number, isMapped: (place: number) => boolean): void {
    for (const [place, page] of this.pages) {
      if (place < from || place >= to || !page.cached || page.dirty || isMapped(place)) continue;
      page.cached = false;
      this.count.cachedPages -= 1;
    }
  }

  punch(from: number, to: number): void {
    for (let place = from; place < Math.min(to, this.pageCount); place++) {
      if (this.isCached(place)) this.count.cachedPages -= 1;
      this.pages.delete(place);
    }
  }
}

function firstSize(asked: number, most: number): number {
  if (asked > most) return most;
  const pages = 2 ** Math.ceil(Math.log2(asked));
  if (pages <= Math.floor(most / 32)) return 4 * pages;
  return pages <= Math.floor(most / 4) ? 2 * pages : most;
}
