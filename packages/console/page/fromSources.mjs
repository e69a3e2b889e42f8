/** The page in the workspace: bundled when it is first loaded, so that a change of its sources needs no step. */
import { buildPage } from "./build.mjs"

export const { html, script, style } = await buildPage()
