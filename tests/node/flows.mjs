// Portals written with openid-client, one for each way to log in or to get tokens that it knows.
// Usage: node flows.mjs '{"flow", "issuer", "client": registration, "jwk": private key, "person", "scope", …}'
// Prints one JSON object with what a test wants to look at; the library has checked every answer before.
import * as oidc from 'openid-client'
import { Browser } from './browser.mjs'
import { imported } from './keys.mjs'

const given = JSON.parse(process.argv[2])
const person = new Browser(given.issuer, given.person)
const redirectUri = given.client.redirect_uris?.[0]

async function authentication() {
  const { token_endpoint_auth_method: method, client_secret: secret } = given.client
  if (method === 'private_key_jwt') return oidc.PrivateKeyJwt(await imported(given.jwk))
  if (method === 'client_secret_jwt') return oidc.ClientSecretJwt(secret)
  if (method === 'client_secret_post') return oidc.ClientSecretPost(secret)
  if (method === 'none') return oidc.None()
  return oidc.ClientSecretBasic(secret)
}

const config = await oidc.discovery(new URL(given.issuer), given.client.client_id, given.client, await authentication(), {
  execute: [oidc.allowInsecureRequests], // loopback only
})

const checks = {
  pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
  expectedState: oidc.randomState(),
  expectedNonce: oidc.randomNonce(),
  idTokenExpected: true,
}

async function request(more = {}) {
  return {
    redirect_uri: redirectUri,
    scope: given.scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  }
}

// After a log-in: what the tokens are good for.
async function used(tokens, options) {
  const claims = tokens.claims()
  const seen = { claims, tokenType: tokens.token_type, scope: tokens.scope, details: tokens.authorization_details }
  seen.userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub, options)
  if (tokens.refresh_token) {
    const again = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
    seen.refreshed = { claims: again.claims(), tokenType: again.token_type }
    if (given.client.token_endpoint_auth_method !== 'none') {
      seen.introspected = await oidc.tokenIntrospection(config, again.access_token)
    }
    await oidc.tokenRevocation(config, again.refresh_token)
    seen.afterwards = await oidc.refreshTokenGrant(config, again.refresh_token, undefined, options)
      .then(() => 'accepted', (error) => error.error)
  }
  return seen
}

const handle = async () => ({ DPoP: oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256')) })
const details = JSON.stringify(given.details ?? [])

const flows = {
  async code(more) {
    const place = await person.enter(oidc.buildAuthorizationUrl(config, await request(more)))
    return used(await oidc.authorizationCodeGrant(config, place, checks))
  },
  form_post() {
    return flows.code({ response_mode: 'form_post' })
  },
  async jarm() {
    oidc.useJwtResponseMode(config)
    return flows.code()
  },
  async encrypted() {
    oidc.enableDecryptingResponses(config, ['A256GCM', 'A128CBC-HS256', 'A128GCM'], await imported(given.decryption, ['deriveBits']))
    return flows.code()
  },
  async pushed() {
    const place = await person.enter(await oidc.buildAuthorizationUrlWithPAR(config, await request()))
    return used(await oidc.authorizationCodeGrant(config, place, checks))
  },
  async object() {
    const url = await oidc.buildAuthorizationUrlWithJAR(config, await request(), await imported(given.jwk))
    return used(await oidc.authorizationCodeGrant(config, await person.enter(url), checks))
  },
  async hybrid() {
    oidc.useCodeIdTokenResponseType(config)
    return flows.code()
  },
  async detached() {
    oidc.useCodeIdTokenResponseType(config)
    oidc.enableDetachedSignatureResponseChecks(config)
    return flows.code()
  },
  async implicit() {
    oidc.useIdTokenResponseType(config)
    const { code_challenge, code_challenge_method, ...rest } = await request()
    const place = await person.enter(oidc.buildAuthorizationUrl(config, rest))
    return { claims: await oidc.implicitAuthentication(config, place, checks.expectedNonce, { expectedState: checks.expectedState }) }
  },
  async dpop() {
    const options = await handle()
    const place = await person.enter(oidc.buildAuthorizationUrl(config, await request()))
    return used(await oidc.authorizationCodeGrant(config, place, checks, undefined, options), options)
  },
  // FAPI 2.0: pushed, bound to a key; with message signing also signed requests and signed answers
  async fapi2() {
    const options = await handle()
    const place = await person.enter(await oidc.buildAuthorizationUrlWithPAR(config, await request(), options))
    return used(await oidc.authorizationCodeGrant(config, place, checks, undefined, options), options)
  },
  async 'fapi2-message-signing'() {
    oidc.useJwtResponseMode(config)
    oidc.enableNonRepudiationChecks(config)
    const options = await handle()
    const signed = await oidc.buildAuthorizationUrlWithJAR(config, await request(), await imported(given.jwk))
    const url = await oidc.buildAuthorizationUrlWithPAR(config, { request: signed.searchParams.get('request') }, options)
    return used(await oidc.authorizationCodeGrant(config, await person.enter(url), checks, undefined, options), options)
  },
  async rich() {
    const place = await person.enter(await oidc.buildAuthorizationUrlWithPAR(config, await request({ authorization_details: details })))
    return used(await oidc.authorizationCodeGrant(config, place, checks))
  },
  async resource() {
    const place = await person.enter(oidc.buildAuthorizationUrl(config, await request({ resource: given.resource })))
    const tokens = await oidc.authorizationCodeGrant(config, place, checks, { resource: given.resource })
    return { claims: tokens.claims(), introspected: await oidc.tokenIntrospection(config, tokens.access_token) }
  },
  async client() {
    const tokens = await oidc.clientCredentialsGrant(config, { scope: given.scope })
    return { introspected: await oidc.tokenIntrospection(config, tokens.access_token), tokenType: tokens.token_type }
  },
  // The test approves as the person meanwhile: it reads the code from our error stream.
  async device() {
    const begun = await oidc.initiateDeviceAuthorization(config, { scope: given.scope })
    process.stderr.write(`${JSON.stringify(begun)}\n`)
    return used(await oidc.pollDeviceAuthorizationGrant(config, begun))
  },
  async decoupled() {
    const begun = await oidc.initiateBackchannelAuthentication(config, {
      scope: given.scope, login_hint: given.hint, binding_message: '7-13',
    })
    process.stderr.write(`${JSON.stringify(begun)}\n`)
    return used(await oidc.pollBackchannelAuthenticationGrant(config, begun))
  },
  async exchange() {
    const place = await person.enter(oidc.buildAuthorizationUrl(config, await request()))
    const tokens = await oidc.authorizationCodeGrant(config, place, checks)
    const exchanged = await oidc.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:token-exchange', {
      subject_token: tokens.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...given.exchange,
    })
    return { claims: tokens.claims(), issued: exchanged.issued_token_type, introspected: await oidc.tokenIntrospection(config, exchanged.access_token) }
  },
  async logout() {
    const place = await person.enter(oidc.buildAuthorizationUrl(config, await request()))
    const tokens = await oidc.authorizationCodeGrant(config, place, checks)
    const goodbye = oidc.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token, post_logout_redirect_uri: given.client.post_logout_redirect_uris[0], state: 'bye',
    })
    return { claims: tokens.claims(), goodbye: await person.hop(goodbye) }
  },
}

console.log(JSON.stringify(await flows[given.flow]()))
