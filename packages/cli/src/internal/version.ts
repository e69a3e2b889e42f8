/** The version of this package, from its own manifest: it stands one folder above `src` and above `dist`. */
import * as Fs from "node:fs"

const manifest: unknown = JSON.parse(Fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8"))

export const version: string =
  typeof manifest === "object" && manifest !== null && "version" in manifest && typeof manifest.version === "string"
    ? manifest.version
    : "0.0.0"
