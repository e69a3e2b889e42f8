/** A person at a browser, for servers that show forms: fills in what is asked for, and says yes. Loopback only. */

const decoded = (text: string) => text.replaceAll("&amp;", "&").replaceAll("&#x2F;", "/").replaceAll("&#39;", "'")

const attribute = (tag: string, name: string): string | undefined => {
  const [, value] = new RegExp(`\\b${name}="([^"]*)"`).exec(tag) ?? []
  return value === undefined ? undefined : decoded(value)
}

/** The form of a page, filled in; `undefined` where there is none. */
const filled = (
  page: string,
  answers: Readonly<Record<string, string>>
): { readonly action: string; readonly body: string } | undefined => {
  const [form] = /<form[^]*?<\/form>/i.exec(page) ?? []
  if (form === undefined) return undefined
  const body = new URLSearchParams()
  for (const [input] of form.matchAll(/<input[^>]*>/gi)) {
    const name = attribute(input, "name")
    if (name !== undefined) body.set(name, answers[name] ?? attribute(input, "value") ?? "")
  }
  return { action: attribute(form, "action") ?? "", body: body.toString() }
}

/** Goes through the pages until one has no form and leads nowhere; gives that page. */
export const visit = async (start: string, answers: Readonly<Record<string, string>>) => {
  const cookies = new Map<string, string>()
  let next: { readonly url: string; readonly body?: string } = { url: start }
  for (let step = 0; step < 20; step++) {
    const { body, url } = next
    const response = await fetch(url, {
      redirect: "manual",
      method: body === undefined ? "GET" : "POST",
      headers: {
        cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; "),
        ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" })
      },
      ...(body === undefined ? {} : { body })
    })
    for (const text of response.headers.getSetCookie()) {
      const [pair = ""] = text.split(";")
      const at = pair.indexOf("=")
      if (pair.slice(at + 1) === "") cookies.delete(pair.slice(0, at))
      else cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    const page = await response.text()
    const location = response.headers.get("location")
    if (location !== null) {
      next = { url: new URL(location, url).href }
      continue
    }
    const form = filled(page, answers)
    if (form === undefined) return { status: response.status, page, url }
    next = { url: new URL(form.action, url).href, body: form.body }
  }
  throw new Error("too many pages")
}
