/** Resource indicators: for which APIs a token is. @see RFC 8707: https://www.rfc-editor.org/rfc/rfc8707 */
import type { Call, World } from "./world.ts"

/**
 * The APIs that a request asks for, where each of them is among `allowed`; `undefined` for `invalid_target` (section 2).
 * A server without resources ignores the parameter.
 */
export const asked = (
  { fixed }: World,
  parameters: URLSearchParams,
  allowed: ReadonlyArray<string> = fixed.resources ?? []
): ReadonlyArray<string> | undefined => {
  if (fixed.resources === undefined) return []
  const all = parameters.getAll("resource")
  return all.every((resource) => allowed.includes(resource)) ? all : undefined
}

const isBelow = (resource: string, url: string): boolean =>
  url === resource || url.startsWith(resource.endsWith("/") ? resource : `${resource}/`)

/** Whether a token is for the API of this call. */
export const isFor = ({ path, world }: Call, accessToken: string): boolean => {
  const { issuer, resources } = world.fixed
  if (resources === undefined) return true
  const audience = world.audiences.get(accessToken) ?? []
  const own = resources.filter((resource) => isBelow(resource, issuer + path))
  return own.length === 0 ? audience.length === 0 : own.some((resource) => audience.includes(resource))
}
