// Looks for a number such that SHA-256("name:number") begins with enough zero bits (FIPS 180-4; one block of 64 octets).
"use strict";

// the first 32 bits of the fractional parts of the cube roots of the first 64 primes (§4.2.2), and of the square roots
// of the first eight (§5.3.3): computed, so that no table can be mistyped
const primes = [];
for (let n = 2; primes.length < 64; n += 1) {
  if (primes.every((prime) => n % prime !== 0)) primes.push(n);
}
const fraction = (value) => ((value - Math.floor(value)) * 2 ** 32) >>> 0;
const K = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const H = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const words = new Uint32Array(64);

// The first 32 bits of the digest of a message of at most 55 ASCII characters.
function firstWord(text) {
  words.fill(0, 0, 16);
  for (let i = 0; i < text.length; i += 1) words[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3));
  words[text.length >> 2] |= 0x80 << (24 - 8 * (text.length & 3));
  words[15] = text.length * 8;
  for (let t = 16; t < 64; t += 1) {
    const x = words[t - 15];
    const y = words[t - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[t] = (words[t - 16] + s0 + words[t - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = H;
  for (let t = 0; t < 64; t += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + words[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  return (H[0] + a) >>> 0;
}

self.addEventListener("message", (event) => {
  const { name, bits } = event.data;
  const limit = 2 ** (32 - bits);
  let number = 0;
  while (firstWord(`${name}:${number}`) >= limit) number += 1;
  self.postMessage(number);
});
