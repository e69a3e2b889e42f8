import type { Preset } from "./preset.ts"

/**
 * Shopify, for expiring offline tokens of one shop (`example` of `example.myshopify.com`). Its API takes the token in
 * `X-Shopify-Access-Token`: core's middleware sends `Authorization`, so put `auth.accessToken` into that header yourself.
 *
 * @see https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens
 * @since 0.1.0
 * @category constructors
 */
export const shopify = (shop: string): Preset => {
  const base = `https://${shop}.myshopify.com`
  return {
    name: "shopify",
    server: {
      issuer: base,
      authorizationEndpoint: `${base}/admin/oauth/authorize`,
      tokenEndpoint: `${base}/admin/oauth/access_token`
    },
    origins: [base],
    authentication: "post",
    rotation: { rotating: { repeatable: "untilUsed" } },
    defaultLifetime: "1 hour",
    dialect: { scopeSeparator: "," }
  }
}
