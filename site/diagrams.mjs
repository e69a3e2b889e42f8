/** Draws the Mermaid diagrams of the pages at build time, in the colours of the site: a reader's browser loads no library for it. */
import { renderMermaidSVG } from "beautiful-mermaid"

const draw = (code) =>
  renderMermaidSVG(code, {
    bg: "var(--vp-c-bg)",
    fg: "var(--vp-c-text-1)",
    muted: "var(--vp-c-text-2)",
    accent: "var(--vp-c-brand-1)",
    transparent: true
  })
    // Its style asks for a font from elsewhere, and Vue keeps no style of a template: theme/style.css has the rules.
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replaceAll(/\n\s*\n/g, "\n")

/** @param {import("markdown-it").default} md */
export const diagrams = (md) => {
  const fence = md.renderer.rules.fence
  md.renderer.rules.fence = (tokens, index, ...others) =>
    tokens[index].info.trim() === "mermaid"
      ? `<div class="diagram" role="img" v-pre>${draw(tokens[index].content)}</div>`
      : fence(tokens, index, ...others)
}
