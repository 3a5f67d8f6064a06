/** `npm run bench:charts`: draws from the tables of bench/README.md. */
import { readFile, writeFile } from "node:fs/promises";
import { callocChart, readTimes } from "./calloc-chart.js";

const here = (name: string) => new URL(name, import.meta.url);
const times = readTimes(await readFile(here("README.md"), "utf8"));
await writeFile(here("charts/heap-calloc.svg"), callocChart(times));
