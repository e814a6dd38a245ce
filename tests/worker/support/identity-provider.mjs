/**
 * A real OpenID provider (`oidc-provider`, certified by the OpenID Foundation) on this machine, with its own login and consent
 * pages, where anybody signs in under any name.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import Provider from "oidc-provider";

const secret = () => randomBytes(32).toString("base64url");

const keyOf = {
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
};

/** One provider: an issuer with one signing key, and one client: we. */
export class IdentityProvider {
  #server = createServer((request, response) => this.#listener(request, response));
  #listener;

  /**
   * `algorithm`: what it signs ID tokens with. `auth`: how a client proves who it is. `person(login)`: what it says of who
   * signs in as `login`.
   */
  constructor(settings) {
    Object.assign(this, settings, { clientId: `client of ${settings.id}`, secret: secret() });
  }

  /** Starts it; people come back to `publicUrl`. */
  async start(publicUrl) {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.issuer = `http://127.0.0.1:${this.#server.address().port}`;
    this.redirectUri = `${publicUrl}/api/v1/auth/oidc/${this.id}/callback`;
    this.#listener = new Provider(this.issuer, this.#configuration()).callback();
    return this;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Whether an address is the one to which it sends people back. */
  isCallback = (url) => url.startsWith(`${this.redirectUri}?`);

  #configuration() {
    const key = keyOf[this.algorithm]().privateKey.export({ format: "jwk" });
    return {
      clients: [
        {
          client_id: this.clientId,
          client_secret: this.secret,
          redirect_uris: [this.redirectUri],
          response_types: ["code"],
          grant_types: ["authorization_code"],
          token_endpoint_auth_method: this.auth,
          id_token_signed_response_alg: this.algorithm,
        },
      ],
      jwks: { keys: [{ ...key, kid: secret(), use: "sig", alg: this.algorithm }] },
      cookies: { keys: [secret()] },
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: true } },
      enabledJWA: { idTokenSigningAlgValues: [this.algorithm] },
      findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, ...this.person(login) }) }),
      ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 300, Interaction: 300, Session: 300, Grant: 300 },
    };
  }

  /** What stands in `OIDC_PROVIDERS`. */
  get setting() {
    const { id, name, issuer, clientId, secret, scopes, auth } = this;
    return {
      id,
      name,
      issuer,
      client_id: clientId,
      client_secret: secret,
      scopes,
      token_endpoint_auth_method: auth,
    };
  }
}

/** One as Google is (an address that it vouches for, RS256), and one as Roblox is (no address, ES256). */
export const identityProviders = () => [
  new IdentityProvider({
    id: "google",
    name: "Google",
    algorithm: "RS256",
    auth: "client_secret_basic",
    scopes: ["openid", "email", "profile"],
    person: (login) => ({
      email: login.includes("@") ? login : `${login}@mail.example`,
      email_verified: !login.startsWith("unverified"),
      name: login,
    }),
  }),
  new IdentityProvider({
    id: "roblox",
    name: "Roblox",
    algorithm: "ES256",
    auth: "client_secret_post",
    scopes: ["openid", "profile"],
    person: (login) => ({ name: login, preferred_username: login }),
  }),
];
