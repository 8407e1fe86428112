// Keys that come as JWKs, for the two clients.
const ALGORITHMS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  'ECDH-ES': { name: 'ECDH', namedCurve: 'P-256' },
}

export async function imported(jwk, usages = ['sign']) {
  const { use, key_ops, ...members } = jwk
  const key = await crypto.subtle.importKey('jwk', members, ALGORITHMS[jwk.alg], false, usages)
  return { key, kid: jwk.kid }
}
