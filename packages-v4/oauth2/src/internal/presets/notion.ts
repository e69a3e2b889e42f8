import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { Preset } from "./preset.ts"

/** Token requests and calls of the API want it alike. */
const notionVersion = { "notion-version": "2025-09-03" }

/**
 * Notion.
 *
 * @see https://developers.notion.com/reference/refresh-a-token
 * @since 0.1.0
 * @category constructors
 */
export const notion: Preset = {
  name: "notion",
  server: {
    issuer: "https://api.notion.com",
    authorizationEndpoint: "https://api.notion.com/v1/oauth/authorize",
    tokenEndpoint: "https://api.notion.com/v1/oauth/token"
  },
  origins: ["https://api.notion.com"],
  api: { baseUrl: "https://api.notion.com", prepare: HttpClientRequest.setHeaders(notionVersion) },
  authentication: "basic",
  rotation: "rotating",
  dialect: {
    body: "json",
    headers: notionVersion,
    authorizationParameters: { owner: "user" }
  }
}
