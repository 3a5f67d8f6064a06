/** `npm run previews -- https://example.org/zeropage/`: previews of stories for the page in dist/web, which will be there. */
import { fileURLToPath } from "node:url";
import { writePreviews } from "./previews.js";

const [url] = process.argv.slice(2);
if (url === undefined || !URL.canParse(url) || !url.endsWith("/")) {
  console.error(
    "name the address where the page will be, with a / at its end: npm run previews -- https://example.org/zeropage/",
  );
  process.exit(2);
}
const folder = fileURLToPath(new URL("../../dist/web", import.meta.url));
await writePreviews(folder, url, undefined, console.log).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
