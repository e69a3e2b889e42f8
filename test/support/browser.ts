/** A headless Chromium of the system, and pages bundled for it. */
import { build } from "esbuild"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import type { Browser } from "playwright-core"
import { chromium } from "playwright-core"

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .find((path) => fs.existsSync(path))

/** CI must not skip: there a missing browser is a failure. */
export const isSkipped = executablePath === undefined && process.env.CI !== "true"

export const launch = (args: ReadonlyArray<string> = []): Promise<Browser> => {
  if (executablePath === undefined) throw new Error("no Chromium on this machine")
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...args
    ]
  })
}

const packages = fileURLToPath(new URL("../../packages", import.meta.url))

/**
 * One script of a page and all it needs. Our own packages are taken as they were built, where they were (`pnpm build`),
 * and from their sources elsewhere: one or the other, never a mixture.
 */
export const bundlePage = async (entry: string): Promise<string> => {
  const isBuilt = ["core/dist/AuthService.js", "oauth2/dist/BrowserRedirect.js", "placewise/dist/Placewise.js"]
    .every((file) => fs.existsSync(`${packages}/${file}`))
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    format: "iife",
    platform: "browser",
    minify: true,
    write: false,
    plugins: [{
      name: "as-published",
      setup: ({ onResolve }) => {
        onResolve({ filter: /^@effect-auth\/[a-z0-9-]+\/\w+$/ }, ({ path }) => {
          const [, name, module] = path.split("/")
          return { path: isBuilt ? `${packages}/${name}/dist/${module}.js` : `${packages}/${name}/src/${module}.ts` }
        })
      }
    }]
  })
  return result.outputFiles[0]!.text.replaceAll("</script", "<\\/script")
}
