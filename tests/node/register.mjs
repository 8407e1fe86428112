// A portal written with openid-client that registers itself, logs somebody in, and reads its registration back.
// Usage: node register.mjs '{"issuer", "initialAccessToken", "metadata", "person", "scope"}'
import * as oidc from 'openid-client'
import { Browser } from './browser.mjs'

const given = JSON.parse(process.argv[2])
const person = new Browser(given.issuer, given.person)

// the secret is not known yet: the library takes it from the answer
function method() {
  return given.metadata.token_endpoint_auth_method === 'client_secret_post' ? oidc.ClientSecretPost() : oidc.ClientSecretBasic()
}

const config = await oidc.dynamicClientRegistration(new URL(given.issuer), given.metadata, method(), {
  initialAccessToken: given.initialAccessToken,
  execute: [oidc.allowInsecureRequests], // loopback only
})
const registered = config.clientMetadata()

const checks = {
  pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
  expectedState: oidc.randomState(),
  expectedNonce: oidc.randomNonce(),
  idTokenExpected: true,
}
const place = await person.enter(oidc.buildAuthorizationUrl(config, {
  redirect_uri: registered.redirect_uris[0],
  scope: given.scope,
  state: checks.expectedState,
  nonce: checks.expectedNonce,
  code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
  code_challenge_method: 'S256',
}))
const tokens = await oidc.authorizationCodeGrant(config, place, checks)
const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
const read = await oidc.fetchProtectedResource(
  config, registered.registration_access_token, new URL(registered.registration_client_uri), 'GET')

console.log(JSON.stringify({ registered, claims: tokens.claims(), userinfo, read: await read.json() }))
