import * as fs from "node:fs"
import * as path from "node:path"
import { defineConfig } from "vitepress"
import llmstxt from "vitepress-plugin-llms"
import { diagrams } from "../diagrams.mjs"
import { preparePage, target } from "../prepare.mjs"

const root = path.resolve(import.meta.dirname, "../..")

const titleOf = (file) => /^# (.+)$/m.exec(fs.readFileSync(path.join(target, file), "utf8"))?.[1].replaceAll("`", "")

/** The anchors of the repository's host, so that a link works in both. */
const slugify = (heading) => heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-")

const entry = (file, text) => ({ text: text ?? titleOf(file), link: `/${file.replace(/\.md$/, "")}` })

const entriesIn = (dir) =>
  !fs.existsSync(path.join(target, dir)) ? [] : fs.readdirSync(path.join(target, dir))
    .filter((name) => name.endsWith(".md") && name !== "index.md").sort().map((name) => entry(`${dir}/${name}`))

/** Some entries first and some last; the others between them, so that a new page is never left out. */
const inOrder = (entries, first, last) => {
  const named = (names) => names.flatMap((name) => entries.filter(({ link }) => link.endsWith(`/${name}`)))
  return [...named(first), ...entries.filter((entry) => !named([...first, ...last]).includes(entry)), ...named(last)]
}

const packageNames = fs.readdirSync(path.join(target, "packages")).map((name) => name.replace(/\.md$/, ""))

const apiSidebar = [
  { text: "All modules", link: "/api/" },
  ...packageNames.filter((name) => fs.existsSync(path.join(target, "api", name))).map((name) => ({
    text: name,
    collapsed: true,
    items: entriesIn(`api/${name}`).map(({ link, text }) => ({ link, text: text.split("/")[1] }))
  }))
]

const sidebar = [
  {
    text: "Start",
    items: [
      entry("overview.md", "Overview"),
      entry("getting-started.md"),
      entry("errors.md", "Errors"),
      entry("providers.md", "Providers"),
      entry("oauth2.md"),
      entry("testing.md", "Testing")
    ]
  },
  {
    text: "Guides",
    items: inOrder(entriesIn("guides"), ["installing", "in-your-application"], ["operations", "troubleshooting"])
  },
  { text: "OAuth 2 grants", collapsed: true, items: entriesIn("oauth2") },
  {
    text: "In production",
    items: [
      "stores",
      "many-processes",
      "remote",
      "many-accounts",
      "observability",
      "security",
      "performance",
      "compatibility"
    ].map((name) => entry(`${name}.md`))
  },
  { text: "Build your own", items: [entry("writing-a-provider.md"), entry("migrating.md")] },
  { text: "How it works", items: [entry("architecture.md"), entry("guarantees.md"), entry("glossary.md")] },
  { text: "Packages", collapsed: true, items: packageNames.map((name) => entry(`packages/${name}.md`, name)) },
  {
    text: "Project",
    collapsed: true,
    items: [entry("contributing.md"), entry("security-policy.md", "Security policy")]
  }
]

export default defineConfig({
  title: "effect-auth",
  description: "Keeps an Effect application signed in to the APIs that it calls.",
  lang: "en",
  srcDir: "pages",
  outDir: "dist",
  cleanUrls: false,
  lastUpdated: false,
  metaChunk: true,
  head: [
    ["link", { rel: "icon", type: "image/svg+xml", href: "/logo.svg" }],
    ["meta", { name: "theme-color", content: "#0f766e" }]
  ],
  markdown: { config: diagrams, anchor: { slugify }, theme: { light: "github-light", dark: "github-dark" } },
  themeConfig: {
    logo: "/logo.svg",
    search: { provider: "local", options: { detailedView: false } },
    nav: [
      { text: "Guide", link: "/getting-started", activeMatch: "^/(?!$|index|api/|guarantees|packages)" },
      { text: "Guarantees", link: "/guarantees" },
      { text: "API", link: "/api/", activeMatch: "^/api/" }
    ],
    sidebar: { "/api/": apiSidebar, "/": sidebar },
    outline: { level: [2, 3] },
    docFooter: { prev: "Before", next: "Next" },
    footer: {
      message: "MIT license. A community project, affiliated neither with Effect nor with the providers."
    }
  },
  vite: {
    build: { chunkSizeWarningLimit: 4000, reportCompressedSize: false },
    plugins: [
      llmstxt({
        ignoreFilesPerOutput: { llmsFullTxt: ["api/**"] },
        excludeIndexPage: true,
        // The pages first, then the modules.
        sidebar: [...sidebar, ...apiSidebar.slice(1).map(({ items, text }) => ({ text: `API: ${text}`, items }))],
        injectLLMHint: false
      }),
      {
        name: "pages-of-the-repository",
        configureServer: ({ watcher }) => {
          watcher.add(["docs", "README.md", "site/index.md"].map((name) => path.join(root, name)))
          watcher.on("change", (file) => {
            const page = path.relative(root, file)
            if (/^(docs\/|README\.md$|site\/index\.md$)/.test(page) && page.endsWith(".md")) preparePage(page)
          })
        }
      }
    ]
  }
})
