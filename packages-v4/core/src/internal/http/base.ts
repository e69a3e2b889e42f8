/** Where a relative request goes. */
import * as HttpClientRequest from "effect/http/HttpClientRequest"

/**
 * Prepends `baseUrl` and `basePath` to relative requests. A path that begins with the first segment of `basePath` is
 * complete and gets only `baseUrl`. A request with a full URL stays unchanged.
 */
export const below = (
  baseUrl: string,
  basePath = ""
): (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest => {
  const [complete] = /^\/[^/]+\//.exec(`${basePath}/`) ?? []
  return (request) => {
    const { url } = request
    if (isAbsolute(url)) return request
    const base = complete !== undefined && url.startsWith(complete) ? baseUrl : baseUrl + basePath
    return HttpClientRequest.setUrl(request, /^([/?#]|$)/.test(url) ? base + url : `${base}/${url}`)
  }
}

/** Whether a URL has a scheme, and so its own host (RFC 3986 section 3.1). */
const isAbsolute = (url: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(url)
