// A portal written with openid-client: logs a person in, reads userinfo, refreshes, introspects, revokes, logs out.
// Usage: node portal.mjs '{"issuer", "clientId", "clientSecret", "redirectUri", "goodbyeUri", "scope", "identifier", "password"}'
// Prints one JSON object with what a test wants to look at.
import * as oidc from 'openid-client'

const given = JSON.parse(process.argv[2])

const config = await oidc.discovery(
  new URL(given.issuer),
  given.clientId,
  { id_token_signed_response_alg: given.idTokenAlg },
  given.clientSecret ? oidc.ClientSecretBasic(given.clientSecret) : oidc.None(),
  { execute: [oidc.allowInsecureRequests] }, // loopback only
)

// The portal's part: an authorization request.
const verifier = oidc.randomPKCECodeVerifier()
const state = oidc.randomState()
const nonce = oidc.randomNonce()
const start = oidc.buildAuthorizationUrl(config, {
  redirect_uri: given.redirectUri,
  scope: given.scope,
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
})

// The browser's part: cookies, redirects, the log-in and consent forms.
const cookies = new Map()

async function visit(url, form) {
  const answer = await fetch(url, {
    method: form ? 'POST' : 'GET',
    body: form ? new URLSearchParams(form) : undefined,
    headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    redirect: 'manual',
  })
  for (const line of answer.headers.getSetCookie()) {
    const [pair] = line.split(';')
    const at = pair.indexOf('=')
    cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
  if (answer.status !== 303) throw new Error(`${answer.status} from ${new URL(url).pathname}`)
  return new URL(answer.headers.get('location'), url)
}

let place = await visit(start)
while (place.origin === new URL(given.issuer).origin) {
  if (place.pathname === '/login') {
    place = await visit(place, { identifier: given.identifier, password: given.password })
  } else if (place.pathname === '/consent') {
    place = await visit(place, { decision: 'grant' })
  } else {
    place = await visit(place)
  }
}

// The portal's part again.
const tokens = await oidc.authorizationCodeGrant(config, place, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
})
const claims = tokens.claims()
const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token)
const seen = given.clientSecret ? await oidc.tokenIntrospection(config, refreshed.access_token) : undefined
const goodbye = await visit(
  oidc.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: given.goodbyeUri,
    state: 'bye',
  }),
)
await oidc.tokenRevocation(config, refreshed.refresh_token)
const afterwards = await oidc
  .refreshTokenGrant(config, refreshed.refresh_token)
  .then(() => 'accepted', (error) => error.error)

console.log(JSON.stringify({ claims, userinfo, refreshed: refreshed.claims(), seen, goodbye, afterwards }))
