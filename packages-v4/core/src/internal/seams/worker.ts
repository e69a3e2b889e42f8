/** Whether this runs on Cloudflare Workers, where no request can be woken up by an event of another one. */
export const isWorker = globalThis.navigator?.userAgent === "Cloudflare-Workers"
