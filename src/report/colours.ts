/** Okabe & Ito 2008: told apart with every common kind of colour blindness, and on white and on black. */
export const COLOURS = { blue: "#0072B2", green: "#009E73", vermilion: "#D55E00", grey: "#767676" } as const;

/** Drawn black on white, and white on black. */
export const BLACK = "black";

/** For lines that stand for nothing but themselves, in the order they are taken. The same palette, but for the grey. */
const LINE_COLOURS = [
  COLOURS.vermilion,
  COLOURS.green,
  COLOURS.blue,
  "#E69F00",
  "#CC79A7",
  "#56B4E9",
  COLOURS.grey,
  BLACK,
] as const;

/** The colour of a line by its place among all. */
export function lineColour(index: number): string {
  return LINE_COLOURS[index % LINE_COLOURS.length] as string;
}
