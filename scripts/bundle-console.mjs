/** Bundles the console's page into `packages/console/bundle`. Runs when the package is packed. */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { pageModule } from "../packages/console/page/build.mjs"

const dir = fileURLToPath(new URL("../packages/console", import.meta.url))
const outdir = path.join(dir, "bundle")

fs.rmSync(outdir, { recursive: true, force: true })
fs.mkdirSync(outdir, { recursive: true })
fs.writeFileSync(path.join(outdir, "page.js"), await pageModule())
fs.copyFileSync(path.join(dir, "page/page.d.ts"), path.join(outdir, "page.d.ts"))
