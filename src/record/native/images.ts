/** What ran under the recorder: a file for each program that a process was, and for each fork. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { TraceError } from "../../base/errors.js";
import { type FileName, type RecordHeader, readHeader } from "./record-file.js";

/** A program that a process was, with what it goes on from. */
export interface Image {
  header: RecordHeader;
  /** What people call it. */
  name: string;
  /** The files that its trace is made of, the oldest first; of each, the records and sites up to these. */
  parts: ImagePart[];
  /** It went on as another program. */
  becameAnother: boolean;
}

/** A file, and how much of it belongs to an image. */
export interface ImagePart {
  /** Its path, without an ending. */
  path: string;
  records: number;
  /** Call stacks up to this number. */
  sites: number;
}

/** What a folder of recorded files has. */
export interface RecordedFolder {
  /** In the order in which they began. */
  images: Image[];
  /** Sentences about files that cannot be read. */
  damaged: string[];
}

/** The ending of a file of records. */
export const RECORDS = ".records";

const pathOf = (folder: string, { process, image }: FileName) => join(folder, `${process}.${image}`);
const keyOf = ({ process, image }: FileName) => `${process}.${image}`;

/** Reads the headers of what was recorded into a folder. */
export async function readImages(folder: string): Promise<RecordedFolder> {
  const headers = new Map<string, RecordHeader>();
  const damaged: string[] = [];
  for (const name of (await readdir(folder)).filter((entry) => entry.endsWith(RECORDS)).sort()) {
    try {
      const header = await readHeader(join(folder, name));
      headers.set(keyOf(header), header);
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      damaged.push(`left out: a process whose record cannot be read: ${error.message}`);
    }
  }
  const sorted = [...headers.values()].sort((one, other) => one.started - other.started);
  const images = sorted.map((header) => ({
    header,
    name: nameOf(header),
    parts: partsOf(folder, header, headers),
    becameAnother: headers.has(keyOf({ process: header.process, image: header.image + 1 })),
  }));
  return { images, damaged };
}

/** A script is called by its name, not by its interpreter's. */
function nameOf({ program, command }: RecordHeader): string {
  const [word = ""] = command;
  return basename(word).replace(/^-/, "") || basename(program) || "program";
}

/** The files from that of the oldest parent on. A parent that is missing, or a circle, ends them. */
function partsOf(
  folder: string,
  last: RecordHeader,
  headers: ReadonlyMap<string, RecordHeader>,
): ImagePart[] {
  const parts = [{ path: pathOf(folder, last), records: last.records, sites: Number.POSITIVE_INFINITY }];
  for (let { parent } = last; parent && parts.length < headers.size; ) {
    const { records, sites } = parent;
    parts.unshift({ path: pathOf(folder, parent), records, sites });
    parent = headers.get(keyOf(parent))?.parent;
  }
  return parts;
}
