/**
 * Writes `repository`, `homepage` and `bugs` into each package's manifest, from one setting: `repository` in the manifest at
 * the root (`"repository": "https://<host>/<owner>/<name>"`). npm demands them for a release with provenance.
 *
 *   node scripts/addresses.mjs           writes
 *   node scripts/addresses.mjs --check   fails if the setting is missing, or a manifest says something else
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { packages, root } from "./lib/packages.mjs"

const { repository } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"))

const addressesOf = ({ folder }) => ({
  repository: { type: "git", url: `git+${repository}.git`, directory: `packages/${folder}` },
  homepage: `${repository}/tree/main/packages/${folder}#readme`,
  bugs: { url: `${repository}/issues` }
})

const main = () => {
  if (typeof repository !== "string" || !/^https:\/\/[^/]+\/.+[^/]$/.test(repository) || repository.endsWith(".git")) {
    throw new Error("package.json at the root names no `repository`: write \"https://<host>/<owner>/<name>\" there.")
  }
  const stale = packages().filter((pkg) => {
    const wanted = addressesOf(pkg)
    return Object.keys(wanted).some((name) => JSON.stringify(pkg.manifest[name]) !== JSON.stringify(wanted[name]))
  })
  if (process.argv.includes("--check")) {
    if (stale.length === 0) return
    const names = stale.map(({ folder }) => folder).join(", ")
    throw new Error(`The addresses are missing or old in ${names}: run node scripts/addresses.mjs`)
  }
  for (const pkg of stale) {
    const { license, name, version, description, keywords, ...others } = pkg.manifest
    const text = JSON.stringify(
      { name, version, description, keywords, ...addressesOf(pkg), license, ...others, ...addressesOf(pkg) },
      null,
      2
    )
    fs.writeFileSync(path.join(pkg.dir, "package.json"), `${text}\n`)
  }
  console.log(`addresses: wrote ${stale.length} manifests`)
}

try {
  main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
