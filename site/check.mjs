/**
 * Checks the site that was built: every link and anchor within it leads somewhere, and pages open in Chromium, on a phone and on a
 * desktop, light and dark, without an error in the console, without a request to elsewhere, and without being wider than the screen.
 *
 *   node check.mjs [folder for screenshots]
 */
import * as fs from "node:fs"
import * as http from "node:http"
import * as path from "node:path"
import { chromium } from "playwright-core"

const dist = path.join(import.meta.dirname, "dist")

const opened = [
  "/",
  "/getting-started.html",
  "/errors.html",
  "/guarantees.html",
  "/architecture.html",
  "/guides/in-your-application.html",
  "/api/core/AuthService.html"
]

const filesBelow = (dir) =>
  fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(path.join(dir, entry.name)) : [path.join(dir, entry.name)]
  )

// ---------------------------------------------------------------------------------------------------------------- links

const unescape = (text) => text.replaceAll("&amp;", "&").replaceAll("&#39;", "'").replaceAll("&quot;", "\"")

const idsOf = (html) => new Set([...html.matchAll(/\sid="([^"]*)"/g)].map((match) => unescape(match[1])))

/** Each link of a page that stays on the site, as it is written. */
const linksOf = (html) =>
  [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map((match) => unescape(match[1]))
    .filter((link) => link !== "" && !/^(?:[a-z][a-z+.-]*:|\/\/)/i.test(link))

const checkLinks = () => {
  const pages = new Map(
    filesBelow(dist).filter((file) => file.endsWith(".html")).map((file) => {
      const html = fs.readFileSync(file, "utf8")
      return [`/${path.relative(dist, file)}`, { ids: idsOf(html), links: new Set(linksOf(html)) }]
    })
  )
  const faults = []
  let count = 0
  for (const [page, { links }] of pages) {
    for (const link of links) {
      count += 1
      const url = new URL(link, `http://site${page}`)
      const file = decodeURIComponent(url.pathname).replace(/\/$/, "/index.html")
      const anchor = decodeURIComponent(url.hash.slice(1))
      if (!fs.existsSync(path.join(dist, file))) faults.push(`${page} links to ${link}, which does not exist`)
      else if (anchor !== "" && pages.get(file)?.ids.has(anchor) !== true) {
        faults.push(`${page} links to ${link}, but that page has no such place`)
      }
    }
  }
  return { faults, count, pages: pages.size }
}

/** What a program reads: an index, the whole text, and each page as Markdown. */
const checkTexts = () => {
  const faults = []
  const index = fs.readFileSync(path.join(dist, "llms.txt"), "utf8")
  for (const [, link] of index.matchAll(/\]\((\/[^)#]+)\)/g)) {
    if (!fs.existsSync(path.join(dist, link))) faults.push(`llms.txt links to ${link}, which does not exist`)
  }
  const full = fs.readFileSync(path.join(dist, "llms-full.txt"), "utf8")
  for (const title of ["# Getting started", "# Errors, and what to do", "# Architecture"]) {
    if (!full.includes(title)) faults.push(`llms-full.txt has no "${title}"`)
  }
  for (const file of filesBelow(dist)) {
    const page = path.relative(dist, file)
    if (!page.endsWith(".html") || ["index.html", "404.html"].includes(page)) continue
    const markdown = page.replace(/(?:\/index)?\.html$/, ".md")
    if (!fs.existsSync(path.join(dist, markdown))) faults.push(`${page} is not there as Markdown`)
  }
  return faults
}

// -------------------------------------------------------------------------------------------------------------- browser

const types = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2"
}

const serve = async () => {
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, "http://site").pathname).replace(/\/$/, "/index.html")
    const file = path.join(dist, name)
    if (!file.startsWith(dist) || !fs.existsSync(file)) return response.writeHead(404).end()
    response.writeHead(200, { "content-type": types[path.extname(file)] ?? "text/plain; charset=utf-8" })
    fs.createReadStream(file).pipe(response)
  })
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { server, origin: `http://127.0.0.1:${server.address().port}` }
}

const screens = { phone: { width: 360, height: 740 }, desktop: { width: 1360, height: 860 } }

/** What is wrong with one page on one screen in one theme. */
const look = async (browser, origin, page, { colorScheme, screen }, pictures) => {
  const context = await browser.newContext({ colorScheme, viewport: screens[screen] })
  const faults = []
  const where = `${page} on a ${screen}, ${colorScheme}`
  try {
    const tab = await context.newPage()
    tab.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) faults.push(`${where}: the console says ${message.text()}`)
    })
    tab.on("pageerror", (error) => faults.push(`${where}: ${error.message}`))
    tab.on("request", (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) {
        faults.push(`${where}: asks ${request.url()}`)
      }
    })
    await tab.goto(`${origin}${page}`, { waitUntil: "networkidle" })
    const { isDark, width } = await tab.evaluate(() => ({
      isDark: document.documentElement.classList.contains("dark"),
      width: document.documentElement.scrollWidth
    }))
    if (isDark !== (colorScheme === "dark")) faults.push(`${where}: the theme is the other one`)
    if (width > screens[screen].width) faults.push(`${where}: ${width} px wide`)
    if (await tab.locator("h1").count() !== 1) faults.push(`${where}: not one heading`)
    if (page === "/architecture.html" && await tab.locator(".diagram text", { hasText: /^provider$/ }).count() !== 1) {
      faults.push(`${where}: the diagram is not whole`)
    }
    if (pictures !== undefined) {
      const name = `${page.replace(/\W+/g, "-")}-${screen}-${colorScheme}.png`
      await tab.screenshot({ path: path.join(pictures, name) })
    }
  } finally {
    await context.close()
  }
  return faults
}

/** The search finds a word without asking anybody. */
const search = async (browser, origin) => {
  const context = await browser.newContext({ viewport: screens.desktop })
  try {
    const tab = await context.newPage()
    await tab.goto(origin, { waitUntil: "networkidle" })
    await tab.keyboard.press("Control+k")
    await tab.locator("#localsearch-input").fill("RefreshOutcomeUnknown")
    await tab.locator("#localsearch-list a").first().waitFor({ timeout: 15_000 })
    return []
  } catch (error) {
    return [`the search finds nothing: ${error.message.split("\n")[0]}`]
  } finally {
    await context.close()
  }
}

const checkBrowser = async (executablePath, pictures) => {
  const { origin, server } = await serve()
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] })
  const faults = []
  try {
    for (const page of opened) {
      for (const screen of Object.keys(screens)) {
        for (const colorScheme of ["light", "dark"]) {
          faults.push(...await look(browser, origin, page, { screen, colorScheme }, pictures))
        }
      }
    }
    faults.push(...await search(browser, origin))
  } finally {
    await browser.close()
    server.closeAllConnections()
    server.close()
  }
  return faults
}

const main = async () => {
  if (!fs.existsSync(path.join(dist, "index.html"))) throw new Error("the site is not built: pnpm site")
  const links = checkLinks()
  const faults = [...links.faults, ...checkTexts()]
  console.log(`site: ${links.pages} pages, ${links.count} links within it`)
  const chromiums = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  const executablePath = chromiums.find((file) => fs.existsSync(file))
  if (executablePath !== undefined) {
    faults.push(...await checkBrowser(executablePath, process.argv[2]))
    console.log(`site: ${opened.length} pages opened on two screens, in two themes, and the search tried`)
  } else if (process.env.CI === "true") faults.push("no Chromium on this machine")
  else console.log("site: no Chromium, so no page was opened")
  for (const fault of faults) console.error(fault)
  console.log(faults.length === 0 ? "site: ok" : `site: ${faults.length} faults`)
  if (faults.length > 0) process.exitCode = 1
}

await main()
