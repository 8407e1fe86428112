// A portal written with oauth4webapi, which holds every answer to the letter of its specification: content types,
// cache headers, challenges, error bodies. Every flow takes each endpoint by itself.
// Usage: node strict.mjs '{"flow", "issuer", "client": registration, "jwk": private key, "person", "scope"}'
import * as oauth from 'oauth4webapi'
import { Browser } from './browser.mjs'
import { imported } from './keys.mjs'

const given = JSON.parse(process.argv[2])
const person = new Browser(given.issuer, given.person)
const client = { ...given.client }
const loopback = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, loopback))
const own = given.jwk && (await imported(given.jwk))
const redirectUri = client.redirect_uris?.[0]

const auth = {
  client_secret_basic: () => oauth.ClientSecretBasic(client.client_secret),
  client_secret_post: () => oauth.ClientSecretPost(client.client_secret),
  client_secret_jwt: () => oauth.ClientSecretJwt(client.client_secret),
  private_key_jwt: () => oauth.PrivateKeyJwt(own),
  none: () => oauth.None(),
}[client.token_endpoint_auth_method ?? 'client_secret_basic']()

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = oauth.generateRandomNonce()

// An answer may first ask for a nonce (RFC 9449 §8); a second try has it.
async function twice(options, send, process) {
  try {
    return await process(await send(options))
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return process(await send(options))
  }
}

async function begin(kind, options) {
  const parameters = new URLSearchParams({
    client_id: client.client_id,
    response_type: kind.responseType ?? 'code',
    redirect_uri: redirectUri,
    scope: given.scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(kind.jarm ? { response_mode: 'jwt' } : {}),
    ...(kind.ask ?? {}),
  })
  let asked = parameters
  if (kind.object) {
    const request = await oauth.issueRequestObject(as, client, parameters, own)
    asked = new URLSearchParams({ client_id: client.client_id, request })
  }
  if (kind.pushed) {
    const pushed = await twice(
      options,
      (more) => oauth.pushedAuthorizationRequest(as, client, auth, asked, more),
      (answer) => oauth.processPushedAuthorizationResponse(as, client, answer),
    )
    asked = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri })
  }
  const place = await person.enter(`${as.authorization_endpoint}?${asked}`)
  if (kind.jarm) return oauth.validateJwtAuthResponse(as, client, place, state, loopback)
  if (kind.responseType === 'code id_token') {
    return oauth.validateCodeIdTokenResponse(as, client, place, nonce, state, undefined, loopback)
  }
  return oauth.validateAuthResponse(as, client, place, state)
}

async function logIn(kind) {
  const options = { ...loopback }
  if (kind.dpop) options.DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const parameters = await begin(kind, options)
  const tokens = await twice(
    options,
    (more) => oauth.authorizationCodeGrantRequest(as, client, auth, parameters, redirectUri, verifier, more),
    async (answer) => {
      const read = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true })
      await oauth.validateApplicationLevelSignature(as, answer, loopback)
      return read
    },
  )
  return { options, tokens, claims: oauth.getValidatedIdTokenClaims(tokens) }
}

async function everything(kind) {
  const { options, tokens, claims } = await logIn(kind)
  const userinfo = await twice(
    options,
    (more) => oauth.userInfoRequest(as, client, tokens.access_token, more),
    (answer) => oauth.processUserInfoResponse(as, client, claims.sub, answer),
  )
  const refreshed = await twice(
    options,
    (more) => oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, more),
    (answer) => oauth.processRefreshTokenResponse(as, client, answer),
  )
  const introspected = await oauth.processIntrospectionResponse(
    as, client, await oauth.introspectionRequest(as, client, auth, refreshed.access_token, loopback),
  )
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, refreshed.refresh_token, loopback))
  const afterwards = await refused(() =>
    twice(
      options,
      (more) => oauth.refreshTokenGrantRequest(as, client, auth, refreshed.refresh_token, more),
      (answer) => oauth.processRefreshTokenResponse(as, client, answer),
    ),
  )
  return { claims, userinfo, introspected, tokenType: tokens.token_type, afterwards: afterwards.error }
}

// What the library understands of a refusal.
async function refused(work) {
  try {
    await work()
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return { status: error.status, error: error.error }
    if (error instanceof oauth.AuthorizationResponseError) return { error: error.error }
    if (error instanceof oauth.WWWAuthenticateChallengeError) {
      return { status: error.status, challenges: error.cause.map(({ scheme, parameters }) => [scheme, parameters.error]) }
    }
    throw error
  }
  return { accepted: true }
}

const flows = {
  plain: () => everything({}),
  pushed: () => everything({ pushed: true }),
  object: () => everything({ object: true }),
  jarm: () => everything({ jarm: true }),
  hybrid: () => everything({ responseType: 'code id_token' }),
  dpop: () => everything({ dpop: true }),
  fapi2: () => everything({ pushed: true, dpop: true }),
  'fapi2-message-signing': () => everything({ pushed: true, object: true, dpop: true, jarm: true }),
  async client() {
    const sent = await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: given.scope }, loopback)
    const tokens = await oauth.processClientCredentialsResponse(as, client, sent)
    const request = new Request(given.issuer, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    const read = given.jwt ? await oauth.validateJwtAccessToken(as, request, given.issuer, loopback) : undefined
    return { scope: tokens.scope, read }
  },
  async device() {
    const begun = await oauth.processDeviceAuthorizationResponse(
      as, client, await oauth.deviceAuthorizationRequest(as, client, auth, { scope: given.scope }, loopback),
    )
    const poll = async () =>
      oauth.processDeviceCodeResponse(
        as, client, await oauth.deviceCodeGrantRequest(as, client, auth, begun.device_code, loopback),
      )
    const early = await refused(poll)
    process.stderr.write(`${JSON.stringify(begun)}\n`)
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, begun.interval * 1000 + 100))
      const seen = await refused(async () => { flows.done = await poll() })
      if (seen.accepted) return { early, claims: oauth.getValidatedIdTokenClaims(flows.done) }
      if (!['authorization_pending', 'slow_down'].includes(seen.error)) return { early, seen }
    }
  },
  // Refusals: the library must be able to read each.
  async refusals() {
    const wrong = { ...loopback }
    const parameters = await begin({}, wrong)
    const redeem = (code, how) =>
      oauth.authorizationCodeGrantRequest(as, client, auth, code, redirectUri, how, loopback)
        .then((answer) => oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce }))
    const forged = oauth.ClientSecretBasic('w'.repeat(40))
    return {
      verifier: await refused(() => redeem(parameters, 'w'.repeat(43))),
      secret: await refused(async () =>
        oauth.processClientCredentialsResponse(
          as, client, await oauth.clientCredentialsGrantRequest(as, client, forged, {}, loopback),
        )),
      token: await refused(async () =>
        oauth.processUserInfoResponse(
          as, client, oauth.skipSubjectCheck, await oauth.userInfoRequest(as, client, 'rubbish', loopback),
        )),
      prompt: await refused(() => begin({ ask: { prompt: 'none', max_age: '0' } }, loopback)),
      pushed: await refused(async () =>
        oauth.processPushedAuthorizationResponse(
          as, client, await oauth.pushedAuthorizationRequest(as, client, auth, { response_type: 'telepathy' }, loopback),
        )),
      revocation: await refused(async () =>
        oauth.processRevocationResponse(await oauth.revocationRequest(as, client, forged, 'rubbish', loopback))),
      introspection: await refused(async () =>
        oauth.processIntrospectionResponse(
          as, client, await oauth.introspectionRequest(as, client, forged, 'rubbish', loopback),
        )),
    }
  },
}

console.log(JSON.stringify(await flows[given.flow]()))
