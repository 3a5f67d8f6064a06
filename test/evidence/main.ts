/** `npm run evidence`: writes the page "How sure are we" anew. */
import { writeFileSync } from "node:fs";
import { PAGE, pageOfRecords } from "./files.js";

writeFileSync(PAGE, pageOfRecords());
