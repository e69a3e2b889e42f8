/** A tab of a browser, as far as the sign-in of a single-page application uses it. */
import type * as BrowserPendingStore from "@effect-auth/oauth2/BrowserPendingStore"

export const makeStorage = (): BrowserPendingStore.TabStorage => {
  const all = new Map<string, string>()
  return {
    getItem: (key) => all.get(key) ?? null,
    setItem: (key, text) => void all.set(key, text),
    removeItem: (key) => void all.delete(key),
    key: (index) => Array.from(all.keys())[index] ?? null,
    get length() {
      return all.size
    }
  }
}

/** `shown`: what stood in the address bar, in its order. */
export const makeTab = (start: string) => {
  const shown: Array<string> = [start]
  const left: Array<string> = []
  const storage = makeStorage()
  const location = {
    get href() {
      return shown.at(-1) ?? start
    },
    assign: (url: string | URL) => void left.push(String(url))
  }
  const history = {
    replaceState: (_data: unknown, _unused: string, url?: string | URL | null) =>
      void shown.push(new URL(url ?? "", location.href).href)
  }
  return { page: { location, history, storage }, shown, left, open: (url: string) => void shown.push(url) }
}
