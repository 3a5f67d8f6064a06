/**
 * What others show of a link before anybody follows it: they read a page, and run nothing of it. So each story gets a page of
 * its own beside the built one, with its title and its picture, which leads to it; and the first page gets its picture.
 *
 *      stories/NAME.html, stories/NAME.png      NAME: the story's, in small letters
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { serveFolder } from "../../src/cli/web.js";
import { DEFAULT, formatState } from "../../src/web/state.js";
import { ALL_STORIES, type Story } from "../../src/web/stories.js";
import { chromiumLaunchOptions, findChromium } from "../chromium.js";

const SIZE = { width: 1280, height: 900 };
/** What the page shows if its link says nothing. */
const FIRST_VIEW = formatState(DEFAULT);
/** Where the picture goes in the head of the first page. */
const HEAD_END = "</head>";

export const nameOf = ({ name }: Story): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");

/**
 * Gives the page in a folder, as it is built, previews of stories.
 * @param url where the folder will be: pictures are named by their whole address
 */
export async function writePreviews(
  folder: string,
  url: string,
  stories: readonly Story[] = ALL_STORIES,
  told: (file: string) => void = () => {},
): Promise<void> {
  const executable = findChromium();
  if (!executable) throw new Error("no Chromium found: install one, or set CHROMIUM_PATH");
  const server = await serveFolder(pathToFileURL(`${folder}/`), 0);
  const browser = await chromium.launch(chromiumLaunchOptions(executable));
  try {
    await mkdir(join(folder, "stories"), { recursive: true });
    for (const story of stories) {
      const file = `stories/${nameOf(story)}`;
      const { title, picture } = await shotOf(browser, `${server.url}#${story.link}`);
      await writeFile(join(folder, `${file}.png`), picture);
      await writeFile(join(folder, `${file}.html`), pageOf(story, title, new URL(`${file}.png`, url).href));
      if (story.link === FIRST_VIEW)
        await addPicture(join(folder, "index.html"), new URL(`${file}.png`, url).href);
      told(`${file}.html`);
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

async function shotOf(browser: Browser, url: string): Promise<{ title: string; picture: Buffer }> {
  const page = await (await browser.newContext({ viewport: SIZE })).newPage();
  try {
    await page.goto(url);
    await page.locator('main[aria-busy="false"]').waitFor();
    await page.getByText(/of [\d,]+ operations/).waitFor();
    const title = (await page.locator("#headline-title").textContent()) ?? "";
    return { title, picture: await pictureOf(page) };
  } finally {
    await page.context().close();
  }
}

async function pictureOf(page: Page): Promise<Buffer> {
  await page.locator("#share-menu > summary").click();
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Preview of the link, PNG" }).click();
  return readFile(await (await waiting).path());
}

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

const property = (name: string, content: string) =>
  `<meta property="og:${name}" content="${escaped(content)}" />`;

/** A page that leads to a story. */
function pageOf({ name, about, link }: Story, title: string, picture: string): string {
  const there = escaped(`../#${link}`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${escaped(name)} · zeropage</title>
    ${property("title", `${name}: ${title}`)}
    ${property("description", about)}
    ${property("type", "article")}
    ${property("image", picture)}
    <meta name="twitter:card" content="summary_large_image" />
    <meta http-equiv="refresh" content="0; url=${there}" />
  </head>
  <body><a href="${there}">${escaped(name)}</a></body>
</html>
`;
}

async function addPicture(file: string, picture: string): Promise<void> {
  const html = (await readFile(file, "utf8")).replace(/ *<meta property="og:image".*\n/, "");
  await writeFile(file, html.replace(HEAD_END, `  ${property("image", picture)}\n${HEAD_END}`));
}
