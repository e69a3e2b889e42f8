/**
 * A release without publishing (`pnpm release:dry`): the manifests agree, everything is packed, and a program with two
 * providers runs from the packed files, installed with npm, installed with pnpm, and bundled for a browser by esbuild.
 */
import { build as bundle } from "esbuild"
import * as fs from "node:fs"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import { packages, root } from "./lib/packages.mjs"
import {
  build,
  choose,
  inScratch,
  node,
  npmInstall,
  pack,
  packedManifest,
  peers,
  pnpm,
  project,
  timed
} from "./lib/packed.mjs"

const program = path.join(root, "examples/src/user-program.ts")
const used = ["core", "placewise", "priava", "testing"]

/** What has to be the same in every manifest, and what has to be there to publish with provenance. */
const checkManifests = () => {
  const all = packages()
  const config = JSON.parse(fs.readFileSync(path.join(root, ".changeset/config.json"), "utf8"))
  const faults = all.flatMap(({ dir, folder, manifest }) => {
    const { name, publishConfig, version } = manifest
    const log = path.join(dir, "CHANGELOG.md")
    return [
      version === all[0].manifest.version ? [] : [`its version ${version} is not that of ${all[0].folder}`],
      config.fixed[0].includes(name) ? [] : ["it is not in the fixed group of .changeset/config.json"],
      publishConfig?.access === "public" ? [] : ["publishConfig.access is not public"],
      publishConfig?.provenance === true ? [] : ["publishConfig.provenance is not true"],
      manifest.private === true ? ["it is private"] : [],
      manifest.files?.includes("CHANGELOG.md") ? [] : ["`files` leaves out CHANGELOG.md"],
      fs.existsSync(log) && fs.readFileSync(log, "utf8").includes(`\n## ${version}\n`) ?
        [] :
        [`CHANGELOG.md has no entry for ${version}`]
    ].flat().map((fault) => `${folder}: ${fault}`)
  })
  if (faults.length > 0) throw new Error(faults.join("\n"))
  const bare = all.filter(({ manifest }) => manifest.repository === undefined)
  if (bare.length > 0) {
    console.log("note   no `repository` in the manifests yet: a release refuses that (node scripts/addresses.mjs)")
  }
}

/** No range of the workspace may be left in what is published. */
const checkPacked = async (pkg) => {
  const manifest = await packedManifest(pkg)
  const text = JSON.stringify([manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies])
  if (/workspace:|catalog:/.test(text)) {
    throw new Error(`${manifest.name}: a range of the workspace was packed: ${text}`)
  }
  const targets = JSON.stringify([manifest.exports, manifest.bin])
  if (/\/src\//.test(targets)) throw new Error(`${manifest.name}: its entry points lead to src: ${targets}`)
}

const stub = path.join(root, "scripts/stub.mjs")

/** Runs the program inside a project, against the servers. */
const tryOut = async (dir, file) => {
  fs.copyFileSync(stub, path.join(dir, "stub.mjs"))
  console.log(`       ${(await node(dir, "stub.mjs", file)).trim()}`)
}

/** The program as plain JavaScript, with its imports as they are. */
const transpile = async (dir) => {
  const outfile = path.join(dir, "program.mjs")
  await bundle({ entryPoints: [program], outfile, format: "esm", platform: "node", bundle: true, packages: "external" })
  return outfile
}

/** The program with all that it imports, found in the project's own node_modules, for a browser. */
const browserBundle = async (dir) => {
  fs.copyFileSync(program, path.join(dir, "program.ts"))
  const outfile = path.join(dir, "bundle.mjs")
  const { metafile } = await bundle({
    absWorkingDir: dir,
    entryPoints: ["program.ts"],
    outfile,
    format: "esm",
    platform: "browser",
    target: "es2022",
    bundle: true,
    minify: true,
    metafile: true,
    logLevel: "silent"
  })
  const outside = Object.keys(metafile.inputs).filter((file) => file.startsWith(".."))
  if (outside.length > 0) throw new Error(`the bundle took files from outside of the project: ${outside.join(", ")}`)
  const text = fs.readFileSync(outfile)
  console.log(`       ${(text.length / 1024).toFixed(0)} KiB, ${(gzipSync(text).length / 1024).toFixed(0)} KiB gzipped`)
  return outfile
}

/** A project of pnpm: the packages name each other by version, which is not published, so each is overridden. */
const pnpmProject = async (dir, packed) => {
  const files = Object.fromEntries(packed.map((pkg) => [pkg.manifest.name, `file:${pkg.tarball}`]))
  const others = Object.fromEntries(peers().map((peer) => [peer.replace(/@[^@]*$/, ""), peer.replace(/^.*@/, "")]))
  project(dir, { dependencies: { ...files, ...others }, pnpm: { overrides: files } })
  // A workspace of its own, whatever lies above the scratch folder.
  fs.writeFileSync(path.join(dir, "pnpm-workspace.yaml"), "packages: []\nautoInstallPeers: false\n")
  await pnpm(dir, "install", "--ignore-scripts", "--no-frozen-lockfile")
}

await inScratch("release dry", async (dir) => {
  checkManifests()
  await build()
  const { chosen, left } = choose()
  if (left.length > 0) throw new Error(`nothing to publish in ${left.map((pkg) => pkg.folder).join(", ")}`)
  const packed = await timed(`pack ${chosen.length} packages`, async () => {
    const result = []
    for (const pkg of chosen) result.push(await pack(pkg, dir))
    for (const pkg of result) await checkPacked(pkg)
    return result
  })
  const tarballs = packed.map((pkg) => pkg.tarball)

  const npm = project(path.join(dir, "npm"))
  await timed("npm: install all, run the program", async () => {
    await npmInstall(npm, ...tarballs, ...peers())
    await tryOut(npm, await transpile(npm))
  })
  await timed("esbuild: bundle the program for a browser, run it", async () => tryOut(npm, await browserBundle(npm)))

  const strict = path.join(dir, "pnpm")
  await timed("pnpm: install what the program needs, run it", async () => {
    await pnpmProject(strict, packed.filter((pkg) => used.includes(pkg.folder)))
    await tryOut(strict, await transpile(strict))
  })
})
