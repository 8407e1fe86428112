// A peer: @libpdf/core signs at B-B, key and certificates loaded once, bytes in and bytes out.
// Started by bench/signing_peers.py; reads a line of JSON { p12, pdf, seconds, out } at a time and answers with one:
// { count, seconds } of processor time. The last file goes to `out`.
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { P12Signer, PDF } from '@libpdf/core';

const signers = new Map();

async function signerOf(p12) {
  if (!signers.has(p12)) signers.set(p12, await P12Signer.create(readFileSync(p12), 'bench'));
  return signers.get(p12);
}

function spent() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { p12, pdf, seconds, out } = JSON.parse(line);
  const signer = await signerOf(p12);
  const bytes = new Uint8Array(readFileSync(pdf));
  const begun = spent();
  let count = 0;
  let last;
  do {
    const document = await PDF.load(bytes);
    last = (await document.sign({ signer, reason: 'bench', level: 'B-B' })).bytes;
    count += 1;
  } while (spent() - begun < seconds);
  const used = spent() - begun;
  writeFileSync(out, last);
  console.log(JSON.stringify({ count, seconds: used }));
}
