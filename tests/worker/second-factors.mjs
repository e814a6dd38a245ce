/** Second factors in workerd: codes of `otpauth`, passkeys of an emulated authenticator in each algorithm that we verify. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthenticatorEmulator, PasskeysCredentialsMemoryRepository, WebAuthnEmulator } from "nid-webauthn-emulator";
import { URI } from "otpauth";

const STEP_MS = 30_000;

/** Signs in with the password; answers what came back. */
const login = (world, { email, password }) =>
  world.expect(200, "POST", "/api/v1/auth/login", { body: { email, password, refresh_token_in: "body" } });

const asking = (world, path, options) => world.request("POST", `/api/v1/auth/${path}`, options);
const ask = (world, status, path, options) => world.expect(status, "POST", `/api/v1/auth/${path}`, options);

/** A browser with an authenticator of its own that knows one algorithm. */
function device(algorithm) {
  const credentialsRepository = new PasskeysCredentialsMemoryRepository();
  return new WebAuthnEmulator(new AuthenticatorEmulator({ algorithmIdentifiers: [algorithm], credentialsRepository }));
}

/** A teacher who has just proved their address. */
async function newPerson(world, name) {
  const person = { email: `${name}@factors.example`, password: "lilacs in the yard" };
  const body = { ...person, display_name: name, role: "teacher" };
  await ask(world, 202, "register", { body });
  const { token } = await world.mail.to(person.email);
  await ask(world, 204, "verify-email", { body: { token } });
  return person;
}

async function addPasskey(world, token, authenticator, name) {
  const { ceremony, public_key } = await ask(world, 200, "passkeys/registration-options", { token });
  const credential = authenticator.createJSON(world.worker.url, public_key);
  return ask(world, 201, "passkeys", { token, body: { ceremony, name, credential } });
}

/** The same bytes in base64url but for the last bit: of whatever form a signature is, it is another number. */
function withOneBitChanged(text) {
  const bytes = Buffer.from(text, "base64url");
  bytes[bytes.length - 1] ^= 1;
  return bytes.toString("base64url");
}

export function secondFactors(world) {
  test("a passkey of each algorithm signs in without a password, once an answer", async () => {
    const person = await newPerson(world, "pia");
    const { access_token: token } = await login(world, person);
    const authenticators = ["ES256", "EdDSA", "RS256"].map((name) => [name, device(name)]);
    for (const [name, authenticator] of authenticators) {
      const { factor } = await addPasskey(world, token, authenticator, name);
      assert.deepEqual([factor.type, factor.name], ["passkey", name]);
    }
    for (const [, authenticator] of authenticators) {
      const { ceremony, public_key } = await ask(world, 200, "passkeys/assertion-options", { body: {} });
      const credential = authenticator.getJSON(world.worker.url, public_key);
      const body = { ceremony, credential, refresh_token_in: "body" };
      const forged = structuredClone(body);
      forged.credential.response.signature = withOneBitChanged(forged.credential.response.signature);
      assert.equal((await asking(world, "login/passkey", { body: forged })).json.code, "invalid_code");
      const signedIn = await ask(world, 200, "login/passkey", { body });
      assert.equal(signedIn.user.email, person.email);
      assert.equal((await asking(world, "login/passkey", { body })).json.code, "invalid_challenge");
    }
  });

  test("an authenticator app's code is asked for beside the password, and of many at once one gets in", async () => {
    const person = await newPerson(world, "toni");
    const { access_token: token } = await login(world, person);
    const { id, otpauth_uri } = await ask(world, 201, "factors/totp", { token, body: { name: "Phone" } });
    const app = URI.parse(otpauth_uri);
    const codeAt = (steps) => app.generate({ timestamp: Date.now() + steps * STEP_MS });
    const confirm = { token, body: { code: codeAt(-1) } };
    const { recovery_codes } = await ask(world, 200, `factors/totp/${id}/confirm`, confirm);
    assert.equal(recovery_codes.length, 10);
    const challenges = await Promise.all([1, 2, 3].map(() => login(world, person)));
    for (const { status, methods, access_token } of challenges) {
      assert.deepEqual(
        [status, methods, access_token],
        ["second_factor_required", ["totp", "recovery_code"], undefined],
      );
    }
    const code = codeAt(0);
    const tries = await Promise.all(
      challenges.map(({ challenge }) => asking(world, "login/second-factor", { body: { challenge, code } })),
    );
    assert.deepEqual(tries.map(({ status }) => status).sort(), [200, 401, 401]);
    // A browser gets its token as a cookie that no script reads.
    const { headers } = tries.find(({ status }) => status === 200);
    assert.match(headers.get("set-cookie"), /^__Host-refresh=rt_[^;]+; .*HttpOnly; Secure; SameSite=Lax/);
    const { challenge } = await login(world, person);
    await ask(world, 200, "login/second-factor", { body: { challenge, recovery_code: recovery_codes[0] } });
    const again = { body: { challenge: (await login(world, person)).challenge, recovery_code: recovery_codes[0] } };
    assert.equal((await asking(world, "login/second-factor", again)).json.code, "invalid_code");
  });
}
