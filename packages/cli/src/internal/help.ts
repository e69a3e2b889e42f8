/** The text of `effect-auth --help`. It is printed before any other module is loaded. */

export const help = `effect-auth: sign in once, and have a token that works

USAGE
  effect-auth <command> [options]          effect-auth help <command>

COMMANDS
  sign-in <provider>             sign in; each provider has its own options: effect-auth sign-in placewise --help
  token <provider>               print an access token that works, and nothing else; --format env, kubectl, aws, json
  call <provider> METHOD PATH    send a request with the token, and print the body of the answer
  status [provider]              list the accounts and how long their tokens live; no secret, nothing is sent
  refresh <provider>             refresh the session now
  sign-out <provider>            end the session here, and at the provider where it has revocation
  key                            say where the key is that seals what is kept; --to keychain or file moves it
  serve                          keep the sessions, and give access tokens to other programs: --keeper
  sandbox                        serve all four providers on this machine, with a console in the browser

PROVIDERS
  placewise, priava, pitchpoint, wallet-app; oauth2: any OAuth 2 server

OPTIONS OF MOST COMMANDS
  --account <name>               which account, where a provider has several (default: "default", or the only one)
  --store <folder>               where sessions and key are (EFFECT_AUTH_HOME; default: the platform's config folder)
  --json                         results and errors as JSON
  --log-level <level>            all, trace, debug, info, warning (default), error, none; logs go to standard error
  --completions <shell>          print a completion script: bash, zsh, fish, sh
  -h, --help    -v, --version

SECRETS
  Passwords, codes and client secrets are never taken from arguments. They are asked for without being shown, read from
  standard input (--stdin, a line each), or taken from variables such as EFFECT_AUTH_PLACEWISE_PASSWORD. With all that a
  sign-in needs in variables, token and call work without signing in before, and keep nothing.

EXIT CODES
  0   done                       10  sign in                      15  the configuration is at fault
  1   unexpected                 11  sign in (session ended)      16  the provider can't be reached: wait
  2   wrong usage                12  sign in (refresh was lost)   17  the store failed
  3   a secret is missing        13  the sign-in was refused      22  call: the answer's status is 400 or more
                                 14  the new token was refused    130 interrupted

EXAMPLES
  effect-auth sign-in pitchpoint --username service@example.com
  curl -H "Authorization: Bearer $(effect-auth token pitchpoint)" https://api.example.com/orders
  effect-auth call wallet-app GET /brands
`
