// The peer: npm oidc-provider in its best configuration: everything in a Map in memory, ES256, opaque access tokens,
// rotating refresh tokens, one session that is logged in to the client.
// Started by bench/idp.py; reads { port, jwk } as JSON from its arguments, prints one JSON line when it listens.
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const { port, jwk, callback } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const rows = new Map();
const sessions = new Map();

class MapStore {
  constructor(model) { this.model = model; }
  #key(id) { return `${this.model}:${id}`; }
  async upsert(id, payload) {
    rows.set(this.#key(id), payload);
    if (this.model === 'Session') sessions.set(payload.uid, payload);
  }
  async find(id) { return rows.get(this.#key(id)); }
  async findByUid(uid) { return sessions.get(uid); }
  async findByUserCode() {}
  async consume(id) { const row = rows.get(this.#key(id)); if (row) row.consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { rows.delete(this.#key(id)); }
  async revokeByGrantId(grantId) {
    for (const [key, row] of rows) if (row.grantId === grantId) rows.delete(key);
  }
}

function es256() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' };
}

const secret = 'bench-secret-of-forty-characters-or-more-0123456789';
const common = { id_token_signed_response_alg: 'ES256', scope: 'openid licence:read' };
const provider = new Provider(issuer, {
  adapter: MapStore,
  jwks: { keys: [es256()] },
  clients: [{
    ...common,
    client_id: 'bench',
    client_secret: secret,
    grant_types: ['client_credentials', 'refresh_token', 'authorization_code'],
    redirect_uris: [callback],
  }, {
    ...common,
    client_id: 'bench-jwt',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [jwk] },
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  }],
  scopes: ['openid', 'licence:read'],
  rotateRefreshToken: true,
  issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  pkce: { required: () => true },
  ttl: {
    Grant: 86400, Session: 86400, RefreshToken: 86400, ClientCredentials: 600, AccessToken: 600, IdToken: 600,
    AuthorizationCode: 60,
  },
  findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    resourceIndicators: { enabled: false },
  },
});
provider.on('server_error', (_ctx, error) => { process.stderr.write(`${error.stack}\n`); });

const client = await provider.Client.find('bench');
const grant = new provider.Grant({ accountId: 'someone', clientId: 'bench' });
grant.addOIDCScope('openid');
const grantId = await grant.save();
const session = new provider.Session({
  accountId: 'someone', loginTs: Math.floor(Date.now() / 1000), authorizations: { bench: { sid: 'sid', grantId } },
});
await session.save(86400);
const access = await new provider.AccessToken({
  accountId: 'someone', client, grantId, scope: 'openid', gty: 'authorization_code', expiresWithSession: false,
}).save();

provider.listen(port, '127.0.0.1', () => {
  const cookie = `${provider.cookieName('session')}=${session.id}`;
  process.stdout.write(`${JSON.stringify({ client_id: 'bench', client_secret: secret, access, cookie })}\n`);
});
