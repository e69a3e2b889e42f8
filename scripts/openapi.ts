/**
 * Writes the OpenAPI 3.1 document of each provider's contract to `openapi/`. With `--check` it writes nothing and fails
 * when a document is not what the contract says now.
 */
import * as OpenApi from "@effect/platform/OpenApi"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { PitchpointApi } from "../packages/pitchpoint/src/PitchpointApi.ts"
import { PlacewiseApi } from "../packages/placewise/src/PlacewiseApi.ts"
import { PriavaApi } from "../packages/priava/src/PriavaApi.ts"
import { WalletAppApi } from "../packages/wallet-app/src/WalletAppApi.ts"

const documents = {
  placewise: OpenApi.fromApi(PlacewiseApi),
  priava: OpenApi.fromApi(PriavaApi),
  pitchpoint: OpenApi.fromApi(PitchpointApi),
  "wallet-app": OpenApi.fromApi(WalletAppApi)
}

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "../openapi")
const isCheck = process.argv.includes("--check")

fs.mkdirSync(folder, { recursive: true })
for (const [name, document] of Object.entries(documents)) {
  const file = path.join(folder, `${name}.json`)
  const text = `${JSON.stringify(document, null, 2)}\n`
  const isCurrent = fs.existsSync(file) && fs.readFileSync(file, "utf8") === text
  if (!isCheck && !isCurrent) fs.writeFileSync(file, text)
  if (isCheck && !isCurrent) process.exitCode = 1
  const paths = Object.keys(document.paths).length
  console.log(`openapi/${name}.json  ${paths} paths  ${isCurrent ? "current" : isCheck ? "out of date" : "written"}`)
}
