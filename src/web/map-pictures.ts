/**
 * What several allocators have mapped at one moment of the same program, as a picture: small multiples of the page's maps, all
 * at one scale.
 *
 *      glibc: 21 MiB resident        jemalloc: 24 MiB resident       mimalloc: …
 *      heap · 21.4 MiB               mapped, 3 regions · 28 MiB
 *      ▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉            ▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉▉
 *      ▉▉▉▉▉▉▉▁▁▁                    ▉▉▉▉▁▁▁▁▁▁▁▁▁▁▁▁▁▁
 */
import { formatBytes } from "../index.js";
import { cutToWidth } from "../report/fit-text.js";
import { drawPicture, filled } from "../report/picture.js";
import { element, px, textAt } from "../report/svg.js";
import { KIND_OF, KINDS } from "./kinds.js";
import { type Band, cellForAll, countCells, type Grid, HEADING_ROWS, Layout } from "./layout.js";
import { stretchTexts } from "./map-text.js";
import type { SmallMap } from "./protocol.js";

const GRID: Grid = { columns: 50, rows: 30 };
/** Pixels of a cell, of a map, and of what is around it. */
const PITCH = 6;
const [WIDTH, HEIGHT] = [GRID.columns * PITCH, GRID.rows * PITCH];
const [IN_A_ROW, GAP, NAME] = [3, 18, 18];
const FONT = 11;

/** @param colourOf the colour of a kind of pages, by its id. */
export function mapPictures(
  maps: readonly SmallMap[],
  heading: { title: string; subtitle: string },
  colourOf: (id: string) => string,
): string {
  const pageBytes = Math.max(...maps.map(({ runs }) => runs.pageBytes));
  const cell = Math.max(...maps.map(({ regions }) => cellForAll(regions, GRID, pageBytes)));
  const content = maps.flatMap((map, i) => {
    const x = (i % IN_A_ROW) * (WIDTH + GAP);
    const y = Math.floor(i / IN_A_ROW) * (HEIGHT + GAP + NAME);
    const name = textAt(0, FONT, cutToWidth(map.name, WIDTH, FONT + 1), { class: "name" });
    const drawn = element("g", { transform: `translate(0 ${NAME})` }, ...mapParts(map, cell, colourOf));
    return element("g", { transform: `translate(${x} ${y})` }, name, drawn);
  });
  const rows = Math.ceil(maps.length / IN_A_ROW);
  const size = { width: IN_A_ROW * (WIDTH + GAP) - GAP, height: rows * (HEIGHT + GAP + NAME) - GAP };
  const legend = KINDS.map(({ id, name }) => ({ name, style: { fill: colourOf(id) } }));
  const subtitle = `${heading.subtitle}; a cell is ${formatBytes(cell)}`;
  return drawPicture({ ...heading, subtitle, legend }, { ...size, content });
}

function mapParts(map: SmallMap, cell: number, colourOf: (id: string) => string): string[] {
  const bands = new Layout(map.regions, GRID, cell).bands(0);
  return bands.flatMap((band) => {
    const top = (band.row + HEADING_ROWS) * PITCH;
    const texts = stretchTexts(band.stretch);
    const text = texts.find((one) => cutToWidth(one, WIDTH, FONT) === one) ?? "";
    const ground = { x: 0, y: top, width: WIDTH, height: band.lines * PITCH };
    const counts = countCells(map.runs, { ...cellsOf(band), cell }, KIND_OF, KINDS.length);
    const kinds = KINDS.map(({ id }, kind) => {
      const path = pathOf(counts, kind, cell / map.runs.pageBytes, top);
      return path === "" ? "" : element("path", { d: path, ...filled(colourOf(id), id) });
    });
    return [
      textAt(0, top - 2, text),
      element("rect", { ...ground, ...filled(colourOf("unmapped"), "unmapped") }),
      ...kinds,
    ];
  });
}

const cellsOf = ({ address, lines }: Band) => ({ start: address, cells: lines * GRID.columns });

/** The part of a kind in every cell, above the kinds before it. Equal neighbours are one. */
function pathOf(counts: Float64Array, kind: number, perCell: number, top: number): string {
  const boxes: { x: number; y: number; width: number; height: number }[] = [];
  for (let cell = 0; cell * KINDS.length < counts.length; cell++) {
    const its = counts.subarray(cell * KINDS.length, (cell + 1) * KINDS.length);
    const pages = its[kind] as number;
    if (pages === 0) continue;
    const before = its.subarray(0, kind).reduce((sum, one) => sum + one, 0);
    // Any page at all shows a little.
    const height = Math.max(1, (PITCH * pages) / perCell);
    const x = (cell % GRID.columns) * PITCH;
    const bottom = top + (Math.floor(cell / GRID.columns) + 1) * PITCH;
    const y = Math.max(bottom - PITCH, bottom - (PITCH * before) / perCell - height);
    const last = boxes.at(-1);
    if (last && last.x + last.width === x && last.y === y && last.height === height) last.width += PITCH;
    else boxes.push({ x, y, width: PITCH, height });
  }
  return boxes
    .map(({ x, y, width, height }) => `M${px(x)} ${px(y)}h${px(width)}v${px(height)}h${px(-width)}z`)
    .join("");
}
