const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
const POWERS: Record<string, number> = { "": 0, b: 0, k: 1, m: 2, g: 3, t: 4 };

/**
 * Reads a size: plain bytes (`4096`) or a number with a binary unit (`100MiB`, `1.5 GiB`, `64k`; case does not matter).
 * @throws RangeError if it is not a size, not a whole number of bytes, or over 2^53.
 */
export function parseBytes(text: string): number {
  const ambiguous = /^(\d+(?:\.\d+)?)\s*([kmgt])b$/i.exec(text.trim());
  if (ambiguous) {
    const [, number, letter = ""] = ambiguous;
    throw new RangeError(
      `"${text}" is a power of ten to some and of two to others: write ${number}${letter.toUpperCase()}iB, or plain bytes`,
    );
  }
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:ib)?|b|bytes?)?$/i.exec(text.trim());
  if (!match) {
    throw new RangeError(`"${text}" is not a size: write bytes, or a number with KiB, MiB, GiB or TiB`);
  }
  const bytes = Number(match[1]) * 1024 ** (POWERS[(match[2] ?? "").toLowerCase()] as number);
  if (!Number.isSafeInteger(bytes)) {
    throw new RangeError(`"${text}" is not a whole number of bytes below 2^53`);
  }
  return bytes;
}

const oneDecimal = (value: number): number => Math.round(value * 10) / 10;

/** Writes bytes for people: the largest binary unit that keeps at least 1, with up to one decimal. */
export function formatBytes(bytes: number): string {
  let power = 0;
  while (power < UNITS.length - 1 && Math.abs(oneDecimal(bytes / 1024 ** power)) >= 1024) power++;
  const unit = bytes === 1 ? "byte" : UNITS[power];
  return `${oneDecimal(bytes / 1024 ** power).toLocaleString("en-US")} ${unit}`;
}

/** Writes a count with thousands separators. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}
