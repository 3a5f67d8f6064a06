/** The colours of the page: told apart by everybody, and read on their ground. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BY_DIFFERENCE, BY_STATE } from "../../src/web/kinds.js";

const SHEET = readFileSync(new URL("../../src/web/colours.css", import.meta.url), "utf8");

type Colour = [number, number, number];
type Palette = Record<string, Colour>;

/** The colours of a block of the sheet, as linear light from 0 to 1. */
function paletteOf(block: string): Palette {
  const found = [...block.matchAll(/--([\w-]+): #([0-9a-f]{6});/g)];
  return Object.fromEntries(
    found.map(([, name = "", hex = ""]) => [
      name,
      [0, 2, 4].map((at) => linear(Number.parseInt(hex.slice(at, at + 2), 16) / 255)) as Colour,
    ]),
  );
}

const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

const [light = "", dark = ""] = SHEET.split("@media (prefers-color-scheme: dark)");
const SCHEMES = { light: paletteOf(light), dark: { ...paletteOf(light), ...paletteOf(dark) } };

/** How colours are seen, in linear light, at full severity: Machado, Oliveira and Fernandes 2009. */
const SEEN: Record<string, number[][]> = {
  everybody: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const times = (matrix: number[][], colour: readonly number[]) =>
  matrix.map((row) => row.reduce((sum, factor, at) => sum + factor * (colour[at] as number), 0));

/** OKLab, of Ottosson 2020, in which distances are about those that are seen. */
function oklab(colour: readonly number[]): number[] {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    colour,
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones.map(Math.cbrt),
  );
}

function distance(one: Colour, other: Colour, seen: number[][]): number {
  const [from, to] = [one, other].map((colour) =>
    oklab(times(seen, colour).map((part) => Math.min(1, Math.max(0, part)))),
  );
  return Math.hypot(...(from ?? []).map((part, at) => part - (to?.[at] as number)));
}

/** The contrast of WCAG 2. */
function contrast(one: Colour, other: Colour): number {
  const [more = 0, less = 0] = [one, other]
    .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b)
    .sort((a, b) => b - a);
  return (more + 0.05) / (less + 0.05);
}

/** What is on one map, in either way to colour it, and the accents of both sides. */
const TOGETHER = [BY_STATE, BY_DIFFERENCE].map(({ kinds }) => [
  ...new Set([...kinds.map(({ id }) => id), "unmapped", "left", "right"]),
]);
const pairs = (names: readonly string[]) =>
  names.flatMap((one, at) => names.slice(at + 1).map((other): [string, string] => [one, other]));

/** Two greys of which one is a tenth lighter are about as far apart. */
const LEAST = 0.09;

describe.each(Object.entries(SCHEMES))("in the %s scheme", (_, palette) => {
  const of = (name: string) => palette[name] as Colour;

  it.each(Object.entries(SEEN))("the pages of a map and the two sides are told apart, with %s", (_, seen) => {
    const close = TOGETHER.flatMap(pairs).flatMap(([one, other]) => {
      const apart = distance(of(one), of(other), seen);
      return apart < LEAST ? [`${one} and ${other}: ${apart.toFixed(3)}`] : [];
    });
    expect(close).toEqual([]);
  });

  it("text and accents are read on every ground", () => {
    const grounds = ["ground", "panel", "wash"];
    const pale = grounds.flatMap((ground) =>
      ["text", "quiet", "left", "right"]
        .filter((ink) => contrast(of(ink), of(ground)) < 4.5)
        .map((ink) => `${ink} on ${ground}`),
    );
    expect(pale).toEqual([]);
    expect(contrast(of("ink-text"), of("text"))).toBeGreaterThan(7);
    expect(contrast(of("edge"), of("panel"))).toBeGreaterThan(3);
  });
});
