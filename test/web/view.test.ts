/** The view in Chromium: what stays when something goes wrong, what links hold, and how one moves about in it. */
import { describe, expect, it, vi } from "vitest";
import { fixtureBytes } from "../foreign/replays.js";
import { counter, drop, executable, open, RIGHT, scrubTo, servePage, shown } from "./chromium-page.js";

vi.setConfig({ testTimeout: 150_000, hookTimeout: 120_000 });

servePage();

const PROGRAM = `#program=${encodeURIComponent("a 1 100\nc 2 1 4096\nw 1 0 100\nr 1 200000\nf 2\nf 1\n")}&a=lazy&b=naive`;

describe.skipIf(!executable)("after an error", () => {
  it("the last good view stays, plays, and takes the next file", async () => {
    const page = await open(PROGRAM);
    await shown(page, "4 of 6");
    const alert = page.getByRole("alert");
    const headings = () => page.locator(".side h2").allTextContents();
    await drop(page, "bad.txt", "a 1 100\nf 1\nf 1\n");
    await alert.getByText("line 3: id 1 is not live").waitFor();
    expect(new URL(page.url()).hash).toBe(PROGRAM);
    await page.getByRole("button", { name: "Step back" }).click();
    await shown(page, "3 of 6");
    expect(await counter(page, "calls")).toBe(2);
    await page.evaluate(() => {
      location.hash = "a=dlmalloc&b=lazy";
    });
    await alert.getByText('there is no allocator "dlmalloc"').waitFor();
    await expect.poll(headings).toEqual(["lazy", "naive"]);
    await drop(page, "tlsf.wasm", await fixtureBytes("as-tlsf"), RIGHT);
    await expect.poll(headings).toEqual(["lazy", "tlsf.wasm"]);
    await expect.poll(() => alert.textContent()).toBe("");
  });

  it("the way back is a button, and the form says again what is shown", async () => {
    const page = await open("#size=1MiB&count=5&a=lazy&b=naive");
    await shown(page, "9 of 10");
    await page.evaluate(() => {
      location.hash = "size=big";
    });
    const alert = page.getByRole("alert");
    await alert.getByText('size: "big" is not a size').waitFor();
    await alert.getByRole("button", { name: "Go on as before" }).click();
    await expect.poll(() => new URL(page.url()).hash).toBe("#size=1MiB&count=5&a=lazy&b=naive");
    expect(await alert.textContent()).toBe("");
    const other = await open("#size=big");
    await other.getByRole("button", { name: "Show an example" }).click();
    await shown(other, "19,999 of 20,000");
  });

  it("each run and each drop is a step, to which Back leads", async () => {
    const page = await open("#size=1MiB&count=5&a=lazy&b=naive");
    await shown(page, "9 of 10");
    await scrubTo(page, 3);
    await expect.poll(() => page.url()).toContain("at=3");
    await drop(page, "small.txt", "a 1 100\nf 1\n");
    await shown(page, "1 of 2");
    await page.getByText("Change the program and the allocators").click();
    await page.getByLabel("Model").first().selectOption("glibc");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("heading", { name: "glibc" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "lazy" }).waitFor();
    await shown(page, "1 of 2");
    await page.goBack();
    await shown(page, "3 of 10");
    await page.goForward();
    await shown(page, "1 of 2");
  });
});
