// An identity provider: OpenID Connect's authorization code flow with PKCE, for one public client at 127.0.0.1. It refuses what the
// specifications have it refuse. `node browser/provider.js` says where it listens: at `localhost`, another site than the console's.

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';

const CLIENT = 'console';
/** RFC 8252, 7.3: programs at home have whatever port is free. */
const REDIRECT = /^http:\/\/127\.0\.0\.1:\d+\/v1\/session\/callback$/;
const LASTS_S = 600;

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' };
const codes = new Map();

const base64url = (value) => Buffer.from(value).toString('base64url');

function token(claims) {
  const signed = [{ alg: 'RS256', kid: 'one' }, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  return `${signed}.${base64url(sign('RSA-SHA256', Buffer.from(signed), privateKey))}`;
}

const routes = {
  'GET /.well-known/openid-configuration': () => json(200, {
    issuer,
    jwks_uri: `${issuer}/keys`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
  }),
  'GET /keys': () => json(200, { keys: [jwk] }),
  'GET /authorize': authorize,
  'GET /decide': decide,
  'POST /token': exchange,
};

/** Asks the person, who is Ada. */
function authorize(query) {
  const wanted = { client_id: CLIENT, response_type: 'code', code_challenge_method: 'S256' };
  const wrong = Object.entries(wanted).find(([name, value]) => query.get(name) !== value);
  const named = ['state', 'nonce', 'code_challenge'].find((name) => (query.get(name) ?? '').length < 43);
  if (wrong || named || !REDIRECT.test(query.get('redirect_uri')) || !query.get('scope').split(' ').includes('openid')) {
    return { status: 400, type: 'text/plain', body: `wrong: ${wrong} ${named} ${query}` };
  }
  const link = (says) => `<a href="/decide?${new URLSearchParams([...query, ['says', says]]).toString().replaceAll('&', '&amp;')}">${says}</a>`;
  return { status: 200, type: 'text/html; charset=utf-8', body: `<!doctype html><title>Provider</title>${link('Allow')} ${link('Deny')}` };
}

function decide(query) {
  const back = new URL(query.get('redirect_uri'));
  back.searchParams.set('state', query.get('state'));
  back.searchParams.set('iss', issuer);
  if (query.get('says') === 'Allow') {
    const code = randomBytes(16).toString('hex');
    codes.set(code, query);
    back.searchParams.set('code', code);
  } else {
    back.searchParams.set('error', 'access_denied');
  }
  return { status: 302, headers: { location: back.href }, body: '' };
}

/** A code is good once, for who knows the verifier. */
function exchange(_, form) {
  const asked = codes.get(form.get('code'));
  codes.delete(form.get('code'));
  const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
  const fits = asked && form.get('grant_type') === 'authorization_code' && form.get('client_id') === CLIENT;
  if (!fits || form.get('redirect_uri') !== asked.get('redirect_uri') || challenge !== asked.get('code_challenge')) {
    return json(400, { error: 'invalid_grant' });
  }
  const now = Math.floor(Date.now() / 1000);
  const common = { iss: issuer, sub: 'ada', iat: now, exp: now + LASTS_S };
  const access = { ...common, aud: 'optimus', scope: 'openid optimus:submit optimus:read' };
  const id = { ...common, aud: CLIENT, nonce: asked.get('nonce') };
  return json(200, { access_token: token(access), id_token: token(id), token_type: 'Bearer', expires_in: LASTS_S });
}

const json = (status, value) => ({ status, type: 'application/json', body: JSON.stringify(value) });

const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  let body = '';
  for await (const part of request) body += part;
  const route = routes[`${request.method} ${url.pathname}`] ?? (() => ({ status: 404, type: 'text/plain', body: 'nothing here' }));
  const { status, type, headers, body: text } = route(url.searchParams, new URLSearchParams(body));
  response.writeHead(status, { 'cache-control': 'no-store', ...(type && { 'content-type': type }), ...headers }).end(text);
});

await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
const issuer = `http://localhost:${server.address().port}`;
console.log(`listening on ${issuer}`);
