// The peer: npm oidc-provider with a plain in-memory Map store, ES256 keys, JWT access tokens and rotating refresh
// tokens; userinfo and introspection get an opaque access token, the only kind that it takes there by default.
// Started by bench/idp.py; prints one JSON line with its seeds when it listens.
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const rows = new Map();

class MapStore {
  constructor(model) { this.model = model; }
  #key(id) { return `${this.model}:${id}`; }
  async upsert(id, payload) { rows.set(this.#key(id), payload); }
  async find(id) { return rows.get(this.#key(id)); }
  async findByUserCode() {}
  async findByUid() {}
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
const provider = new Provider(issuer, {
  adapter: MapStore,
  jwks: { keys: [es256()] },
  clients: [{
    client_id: 'bench',
    client_secret: secret,
    grant_types: ['client_credentials', 'refresh_token', 'authorization_code'],
    redirect_uris: [`${issuer}/callback`],
    id_token_signed_response_alg: 'ES256',
    scope: 'openid offline_access licence:read',
  }],
  scopes: ['openid', 'offline_access', 'licence:read'],
  rotateRefreshToken: true,
  ttl: { Grant: 86400, RefreshToken: 86400, ClientCredentials: 600, AccessToken: 600, IdToken: 600 },
  findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => `${issuer}/api`,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'licence:read', accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
provider.on('server_error', (_ctx, error) => { process.stderr.write(`${error.stack}\n`); });

const client = await provider.Client.find('bench');

async function grant() {
  const made = new provider.Grant({ accountId: 'someone', clientId: 'bench' });
  made.addOIDCScope('openid offline_access');
  made.addResourceScope(`${issuer}/api`, 'licence:read');
  return made.save();
}

async function refreshToken() {
  const now = Math.floor(Date.now() / 1000);
  const token = new provider.RefreshToken({
    accountId: 'someone', client, grantId: await grant(), scope: 'openid offline_access', gty: 'authorization_code',
    authTime: now, expiresWithSession: false, rotations: 0, iiat: now,
  });
  return token.save();
}

async function accessToken() {
  const token = new provider.AccessToken({
    accountId: 'someone', client, grantId: await grant(), scope: 'openid', gty: 'authorization_code',
    expiresWithSession: false,
  });
  return token.save();
}

const refresh = [];
for (let n = 0; n < Number(process.argv[3] ?? 64); n += 1) refresh.push(await refreshToken());
const access = await accessToken();
provider.listen(port, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ client_id: 'bench', client_secret: secret, refresh, access })}\n`);
});
