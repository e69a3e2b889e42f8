import { assumed, documented, type Preset } from "./preset.ts"

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
    dialect: { scopeSeparator: "," },
    facts: [
      ...documented(
        "https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens",
        "since 2025-12 offline tokens can expire and come with a refresh token; public apps must use them from 2027-01-01"
      ),
      ...documented(
        "https://shopify.dev/changelog/posts/offline-access-tokens-now-support-expiry-and-refresh",
        "an access token lives 60 minutes"
      ),
      ...documented(
        "https://shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens",
        "a refresh token lives 90 days",
        "the previous refresh token works until the one that replaced it is used, for 30 days from its first use at most"
      ),
      ...assumed(
        "expiring tokens are asked for with the parameter expiring=1: give it in `parameters`",
        "one expiring token for each app and shop: a new sign-in revokes the one before"
      )
    ]
  }
}
