/** The version of this package. */
import * as Fs from "node:fs"

/** The version that the bundler writes into the program. It is not defined in the sources and in `dist`. */
declare const effectAuthVersion: string | undefined

/** The manifest stands two folders above this file, in `src` and in `dist`. */
const fromManifest = (): string => {
  const manifest: unknown = JSON.parse(Fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  return typeof manifest === "object" && manifest !== null && "version" in manifest &&
      typeof manifest.version === "string"
    ? manifest.version
    : "0.0.0"
}

export const version: string = typeof effectAuthVersion === "string" ? effectAuthVersion : fromManifest()
