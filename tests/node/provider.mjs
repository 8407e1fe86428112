// Another provider, oidc-provider, that gets the same requests as we do. Everybody who comes is logged in as
// `someone` and agrees to everything, so that a test can walk to the end without pages.
// Usage: node provider.mjs '{"port", "clients": [client metadata, …], "scopes": […]}'
// Prints one JSON line when it listens, and ends when its input is closed.
import Provider from 'oidc-provider'

const given = JSON.parse(process.argv[2])
const issuer = `http://127.0.0.1:${given.port}`

const provider = new Provider(issuer, {
  clients: given.clients,
  scopes: given.scopes,
  claims: { openid: ['sub'], profile: ['nickname'], email: ['email'] },
  responseTypes: ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['only a test'] },
  acrValues: ['urn:yizheng:loa:1'],
  enabledJWA: {
    clientAuthSigningAlgValues: ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA'],
    requestObjectSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  },
  features: {
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => false },
    introspection: { enabled: true },
    jwtResponseModes: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // only where a client acts for itself, so that people's tokens are for userinfo
      defaultResource: (_ctx, client) => (client.clientId === 'machine' ? given.resource : undefined),
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => {
        if (resource !== given.resource) throw new Error('no such resource')
        return { scope: given.scopes.join(' '), accessTokenFormat: 'opaque', accessTokenTTL: 600 }
      },
    },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
})

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next()
  const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res)
  if (prompt.name === 'login') {
    return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: 'someone', acr: 'urn:yizheng:loa:1' } })
  }
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  grant.addOIDCScope(prompt.details.missingOIDCScope?.join(' ') ?? '')
  grant.addOIDCClaims(prompt.details.missingOIDCClaims ?? [])
  for (const [indicator, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
    grant.addResourceScope(indicator, scopes.join(' '))
  }
  const consent = { grantId: await grant.save() }
  return provider.interactionFinished(ctx.req, ctx.res, { consent }, { mergeWithLastSubmission: true })
})

provider.on('server_error', (_ctx, error) => process.stderr.write(`${error.stack}\n`))
provider.listen(given.port, '127.0.0.1', () => process.stdout.write(`${JSON.stringify({ issuer })}\n`))
process.stdin.on('end', () => process.exit()).resume()
