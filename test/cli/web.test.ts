import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FolderServer, serveFolder } from "../../src/cli/web.js";
import { captured, run } from "./fakes.js";

let outer: string;
let folder: URL;
let server: FolderServer;

beforeAll(async () => {
  outer = await mkdtemp(join(tmpdir(), "zeropage-web-"));
  folder = pathToFileURL(`${join(outer, "dist/page")}/`);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("index.html", folder), "<!doctype html>the page");
  await writeFile(new URL("a b.wasm", folder), new Uint8Array([0, 0x61, 0x73, 0x6d]));
  await writeFile(join(outer, "dist/secret.txt"), "secret");
  server = await serveFolder(folder, 0);
});

afterAll(async () => {
  await server.close();
  await rm(outer, { recursive: true, force: true });
});

/** As it is typed: `fetch` would tidy the path up. */
function get(
  path: string,
  method = "GET",
): Promise<{ status: number; type: string | undefined; text: string }> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const { statusCode: status = 0, headers } = response;
      resolve({ status, type: headers["content-type"], text: Buffer.concat(chunks).toString() });
    });
    sent.on("error", reject).end();
  });
}

describe("the server of the page", () => {
  test("gives a module that is not beside the page from those of the package, by its name without the hash", async () => {
    await mkdir(join(outer, "build"));
    await writeFile(join(outer, "build/glibc.wasm"), "glibc");
    const { status, text } = await get("/assets/glibc-1a2b-_4d.wasm");
    expect({ status, text }).toEqual({ status: 200, text: "glibc" });
    expect((await get("/assets/other-1a2b-_4d.wasm")).status).toBe(404);
  });

  test.each([
    ["dagre", "libraries/dagre.js"],
    ["jail-worker", "jail/jail-worker.js"],
  ])("gives %s, which is not beside the page, from the package", async (name, path) => {
    const file = join(outer, "dist", path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, name);
    const { status, type, text } = await get(`/assets/${name}-1a2b-_4d.js`);
    expect({ status, type, text }).toEqual({
      status: 200,
      type: "text/javascript; charset=utf-8",
      text: name,
    });
    expect((await get(`/assets/${name}.js`)).status).toBe(404);
  });

  test("gives the page for a folder, and files by their type", async () => {
    expect(await get("/")).toEqual({
      status: 200,
      type: "text/html; charset=utf-8",
      text: "<!doctype html>the page",
    });
    expect(await get("/a%20b.wasm?x#y")).toMatchObject({ status: 200, type: "application/wasm" });
    expect(await get("/", "HEAD")).toMatchObject({ status: 200, text: "" });
  });

  test.each(["/none.js", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%ff", "/%00", "//"])(
    "does not give %s",
    async (path) => {
      const { status, text } = await get(path);
      expect({ status, text }).toEqual({ status: 404, text: "" });
    },
  );

  test("only gives", async () => {
    expect((await get("/", "POST")).status).toBe(405);
  });
});

describe("zeropage web", () => {
  test("prints where the page is, and ends when it is told to", async () => {
    const stdout = captured();
    let answered = 0;
    const untilStopped = async () => {
      answered = (await fetch(stdout.text.trim())).status;
    };
    const { code } = await run(["web", "--port", "0"], { stdout, page: { folder, untilStopped } });
    expect({ code, answered }).toEqual({ code: 0, answered: 200 });
    await expect(fetch(stdout.text.trim())).rejects.toThrow();
  });

  test("says when the port is taken, and what to do", async () => {
    const { port } = new URL(server.url);
    const page = { folder, untilStopped: async () => {} };
    const { code, stderr } = await run(["web", "--port", port], { page });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `zeropage: port ${port} is in use: choose another with --port\n`,
    });
  });

  test("says when there is no page, and what to do", async () => {
    const { code, stderr } = await run(["web", "--port", "0"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "zeropage: the page is not built: run `npm run build:web`\n",
    });
  });

  test.each(["x", "-1", "65536", "1.5", ""])("refuses %j as a port", async (port) => {
    const { code, stderr } = await run(["web", `--port=${port}`]);
    expect(code).toBe(2);
    expect(stderr).toContain("--port");
  });
});
