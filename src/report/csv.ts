/** A row as it is in a record: figures and words, nested as they like. */
export type CsvRow = object;

type Cell = string | number;

/**
 * RFC 4180: a header and a flat row for each of these, ended by CRLF. Names of nested figures are joined
 * by dots (`faults.zeroFill`). A cell is empty where a row has no such figure, or has NaN or null.
 */
export function renderCsv(rows: readonly CsvRow[]): string {
  const flat = rows.map((row) => flatten(row));
  const names = columnNames(flat);
  const lines = [names, ...flat.map((row) => names.map((name) => row.get(name) ?? ""))];
  return lines.map((cells) => `${cells.map(escapeCell).join(",")}\r\n`).join("");
}

/** Every column that any row has. Columns only later rows have go after the last one before them that is known. */
function columnNames(rows: readonly Map<string, Cell>[]): string[] {
  const names: string[] = [];
  for (const row of rows) {
    let at = 0;
    for (const name of row.keys()) {
      const found = names.indexOf(name);
      if (found < 0) names.splice(at, 0, name);
      at = (found < 0 ? at : found) + 1;
    }
  }
  return names;
}

function flatten(row: CsvRow, prefix = ""): Map<string, Cell> {
  const flat = new Map<string, Cell>();
  for (const [key, value] of Object.entries(row)) {
    if (value === undefined || value === null || Number.isNaN(value)) continue;
    const leaves =
      typeof value === "object" ? flatten(value, `${prefix}${key}.`) : [[prefix + key, value] as const];
    for (const [name, leaf] of leaves) flat.set(name, leaf);
  }
  return flat;
}

function escapeCell(cell: Cell): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
