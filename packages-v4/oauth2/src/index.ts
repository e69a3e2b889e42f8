/**
 * Signing a person in at the authorization server: {@link begin} gives the URL to open, {@link complete} takes what
 * came back.
 */
export * as Authorization from "./Authorization.ts"

/**
 * The authorization code grant: a person signs in at the authorization server, and the code that comes back is
 * exchanged for tokens.
 */
export * as AuthorizationCode from "./AuthorizationCode.ts"

/**
 * Two routes that sign a person in: `/login` sends the browser to the authorization server, `/callback` takes it back,
 * and the tokens become the session of an account.
 */
export * as AuthorizationRoutes from "./AuthorizationRoutes.ts"

/**
 * Sign-ins that wait in one tab of a browser, for a single-page application: the page goes to the authorization server
 * and comes back as a new page, so its memory is gone.
 */
export * as BrowserPendingStore from "./BrowserPendingStore.ts"

/**
 * Signing a person in from a single-page application: {@link leave} sends the page to the authorization server, and
 * {@link comeBack} runs when the page is loaded again.
 */
export * as BrowserRedirect from "./BrowserRedirect.ts"

/** What an API says when it refuses a request: `WWW-Authenticate`, parsed. */
export * as Challenge from "./Challenge.ts"

/** How a client proves to a token endpoint who it is. */
export * as ClientAuthentication from "./ClientAuthentication.ts"

/** The client credentials grant: a program gets an access token for itself, with its own credentials. */
export * as ClientCredentials from "./ClientCredentials.ts"

/**
 * A client that registers itself at a server where nobody registered it by hand: with a request (RFC 7591), or with a
 * document at a URL that is the client's id.
 */
export * as ClientRegistration from "./ClientRegistration.ts"

/**
 * A person who signs in on another device: the program shows a short code, and asks again and again until it was typed
 * in.
 */
export * as DeviceCode from "./DeviceCode.ts"

/** Installation tokens of a GitHub App: one session for each installation and set of repositories and permissions. */
export * as GitHubApp from "./GitHubApp.ts"

/** What an ID token says about the person who signed in. */
export * as IdToken from "./IdToken.ts"

/** Asking the server about a token. */
export * as Introspection from "./Introspection.ts"

/**
 * The JWT bearer grant, for service accounts: an assertion, signed with the account's private key, is exchanged for an
 * access token.
 */
export * as JwtBearer from "./JwtBearer.ts"

/**
 * Signing a person in from a command line: the browser comes back to a server on this machine, which lives as long as
 * the sign-in does.
 */
export * as Loopback from "./Loopback.ts"

/**
 * The session of an MCP client: an `OAuthClientProvider` for the official SDK (`@modelcontextprotocol/sdk`) on a
 * session of this package.
 */
export * as McpClient from "./McpClient.ts"

/**
 * One registered client at one authorization server: what every grant and every other call of this package is made
 * from.
 */
export * as OAuth2Client from "./OAuth2Client.ts"

/** An authorization server: where its endpoints are, and what it says it can do. */
export * as OAuth2Server from "./OAuth2Server.ts"

/**
 * Where sign-ins wait between the moment a browser leaves for the authorization server and the moment it comes back.
 */
export * as PendingStore from "./PendingStore.ts"

/** What is known of some servers, as data. */
export * as Presets from "./Presets.ts"

/**
 * An API that says which authorization servers it takes tokens of: the first step of a client that knows nothing but
 * the API's URL, as an MCP client does.
 */
export * as ProtectedResource from "./ProtectedResource.ts"

/**
 * Keeps requests out of private networks when their URL comes from somebody else: an issuer that a customer typed in,
 * a metadata document, a resource of an MCP server.
 */
export * as PublicAddress from "./PublicAddress.ts"

/**
 * A session that begins with a refresh token from elsewhere: from a vendor's console, from an older program, from a
 * login that another service carried out.
 */
export * as RefreshToken from "./RefreshToken.ts"

/** Revokes one token at the server, because it is no longer wanted. */
export * as Revocation from "./Revocation.ts"

/** Keeps a waiting sign-in nowhere: the browser carries it in its cookie, sealed with a key of the application. */
export * as SealedPendingStore from "./SealedPendingStore.ts"

/** A private key that signs assertions, read from the text that a console hands out. */
export * as SigningKey from "./SigningKey.ts"

/**
 * A token for another token: a service that calls on behalf of its caller, a workload that turns its platform's token
 * into one of the API's.
 */
export * as TokenExchange from "./TokenExchange.ts"

/** Asking the server who the person is whose access token this is. */
export * as UserInfo from "./UserInfo.ts"
