/** Files of what is shown, as the command line writes them: of whole runs, but for the picture of the maps. */
import { replayRows } from "../../experiments/replay/csv.js";
import { runsRows } from "../../experiments/runs/csv.js";
import { type Report, writeTrace } from "../../index.js";
import { renderCsv } from "../../report/csv.js";
import { jsonReport } from "../../report/json.js";
import { colour } from "../dom.js";
import { isModule } from "../protocol.js";
import { type Opened, SideError } from "../session.js";
import { formatChoice, SIDES, type Side, type ViewState } from "../state.js";
import { headingOf, reportOf, runsOf } from "../story.js";
import { lengthOf, tapeTrace } from "../tape.js";
import { version } from "../version.js";
import { pngOf } from "./picture.js";
import { previewPicture } from "./preview.js";
import type { Shared } from "./shared.js";

export interface Export {
  name: string;
  file: string;
  /** Whether there is such a file of a view. */
  suits(state: ViewState, opened: Opened): boolean;
  make(shared: Shared): Promise<Blob>;
}

const always = () => true;
const text = (content: string, type = "text/plain") => new Blob([content], { type });

/** Longer loops would be files of gigabytes. */
const MOST_OPERATIONS = 20_000_000;

export const EXPORTS: readonly Export[] = [
  {
    name: "Counters, CSV",
    file: "counters.csv",
    suits: always,
    make: async ({ state, opened }) => text(renderCsv(runsRows(reportOf(state, opened))), "text/csv"),
  },
  {
    name: "Counters, JSON",
    file: "counters.json",
    suits: always,
    make: async ({ state, opened }) => text(jsonReport(reportOf(state, opened), version), "application/json"),
  },
  {
    name: "Bytes over time, CSV",
    file: "timeline.csv",
    suits: always,
    make: async ({ state, opened }) => text(renderCsv(replayRows(timed(state, opened))), "text/csv"),
  },
  { name: "Both maps, PNG", file: "maps.png", suits: always, make: mapsPicture },
  { name: "Preview of the link, PNG", file: "preview.png", suits: always, make: previewPicture },
  ...SIDES.flatMap((side) => profiles(side)),
  {
    name: "Trace, as text",
    file: "trace.txt",
    // What a library clears itself is no call of an allocator, and in no trace.
    suits: (_, { tape }) => !tape.clears && lengthOf(tape) <= MOST_OPERATIONS,
    make: async ({ opened }) => {
      const parts: BlobPart[] = [];
      for await (const part of writeTrace(tapeTrace(opened.tape))) parts.push(part as BlobPart);
      return new Blob(parts, { type: "text/plain" });
    },
  },
];

/** The record with the timeline of each run in it. */
function timed(state: ViewState, opened: Opened): Report {
  const report = reportOf(state, opened);
  const runs = runsOf(state.sides, opened);
  return {
    ...report,
    results: report.results.map((result, i) => ({ ...result, timeline: runs[i]?.timeline ?? [] })),
  };
}

/** Where the time of one side goes, by call path. A module has none. */
function profiles(side: Side): Export[] {
  const where = ["left", "right"][side] as string;
  const suits = ({ input, sides }: ViewState, { sides: runs }: Opened) =>
    input.kind !== "reads" && !isModule(sides[side]) && !(runs[side] instanceof SideError);
  const make =
    (form: "collapsed" | "pprof") =>
    async ({ state, opened, session }: Shared) => {
      const title = `${formatChoice(state.sides[side])}: ${headingOf(state, opened)}`;
      const made = await session.profile(side, { form, title });
      return new Blob([made as BlobPart]);
    };
  return [
    { name: `Profile for pprof, ${where}`, file: `${where}.pb.gz`, suits, make: make("pprof") },
    { name: `Collapsed stacks, ${where}`, file: `${where}.collapsed.txt`, suits, make: make("collapsed") },
  ];
}

/** Pixels around the maps, and of their headings. */
const [EDGE, HEADING] = [12, 22];

/** Both maps side by side, with their names. */
async function mapsPicture({ state, maps }: Shared): Promise<Blob> {
  const scale = devicePixelRatio;
  const [left, right] = maps.map(({ width, height }) => ({ width: width / scale, height: height / scale }));
  if (!left || !right) throw new Error("there is no map");
  const canvas = document.createElement("canvas");
  canvas.width = (left.width + right.width + 3 * EDGE) * scale;
  canvas.height = (Math.max(left.height, right.height) + HEADING + 2 * EDGE) * scale;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(scale, scale);
  context.fillStyle = colour("panel");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.font = "bold 14px system-ui, sans-serif";
  for (const [side, x] of [EDGE, left.width + 2 * EDGE].entries()) {
    context.fillStyle = colour(side === 0 ? "left" : "right");
    context.fillText(formatChoice(state.sides[side as Side]), x, EDGE + 12);
    const { width, height } = side === 0 ? left : right;
    if (width > 0) context.drawImage(maps[side] as HTMLCanvasElement, x, EDGE + HEADING, width, height);
  }
  return pngOf(canvas);
}
