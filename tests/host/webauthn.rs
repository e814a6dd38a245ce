//! Passkeys against the specification's test vectors (Web Authentication Level 3, section 16) and against an authenticator
//! that this project did not write.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::executor::block_on;
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::{Value, json};
use toolboxai_edge::domain::ids::UserId;
use toolboxai_edge::domain::webauthn::{
    Assertion, AssertionCredential, AuthenticatorData, CreationOptions, Expected, NewPasskey,
    RegistrationCredential, RelyingParty, RequestOptions, StoredPasskey, WebAuthnError, verify_assertion,
    verify_registration,
};

use crate::support::{HostSignatures, VirtualAuthenticator};

const CHALLENGE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn party(url: &str) -> RelyingParty {
    RelyingParty::of(url, "ToolboxAI Edge").unwrap()
}

fn ada() -> UserId {
    UserId::parse(&format!("usr_{:026}", 1)).unwrap()
}

fn bytes(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

/// Lets one part of an answer be changed as bytes.
fn with_part(answer: &Value, part: &str, change: impl FnOnce(&mut Vec<u8>)) -> Value {
    let mut answer = answer.clone();
    let mut changed = bytes(&answer["response"][part]);
    change(&mut changed);
    answer["response"][part] = URL_SAFE_NO_PAD.encode(changed).into();
    answer
}

fn registered(answer: &Value, expected: &Expected<'_>) -> Result<NewPasskey, WebAuthnError> {
    let credential: RegistrationCredential = serde_json::from_value(answer.clone()).unwrap();
    verify_registration(&credential, expected).and_then(|unproven| block_on(unproven.prove(&HostSignatures)))
}

fn asserted(
    answer: &Value,
    passkey: &StoredPasskey,
    expected: &Expected<'_>,
    is_user_known: bool,
) -> Result<Assertion, WebAuthnError> {
    let credential: AssertionCredential = serde_json::from_value(answer.clone()).unwrap();
    verify_assertion(&credential, passkey, expected, is_user_known)
        .and_then(|unproven| block_on(unproven.prove(&HostSignatures)))
}

fn stored(passkey: NewPasskey) -> StoredPasskey {
    StoredPasskey {
        user_id: ada(),
        credential_id: passkey.credential_id,
        public_key: passkey.public_key,
        sign_count: passkey.sign_count,
        is_backup_eligible: passkey.is_backup_eligible,
    }
}

/// One of the specification's examples, by the anchor of its section.
struct Vector(Value);

impl Vector {
    fn of(name: &str) -> Self {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("../vectors/webauthn.json")).unwrap();
        Self(vectors.into_iter().find(|vector| vector["of"] == name).unwrap())
    }

    fn challenge(&self, ceremony: &str) -> &str {
        self.0[ceremony]["challenge"].as_str().unwrap()
    }

    fn answer(&self, ceremony: &str) -> Value {
        json!({"id": self.0["registration"]["id"], "type": "public-key", "response": self.0[ceremony]})
    }

    fn register(&self) -> Result<NewPasskey, WebAuthnError> {
        let party = party("https://example.org");
        let challenge = self.challenge("registration");
        let expected = Expected { relying_party: &party, challenge, user_verified: false };
        registered(&self.answer("registration"), &expected)
    }

    fn assert(&self, passkey: &StoredPasskey) -> Result<Assertion, WebAuthnError> {
        let party = party("https://example.org");
        let challenge = self.challenge("authentication");
        let expected = Expected { relying_party: &party, challenge, user_verified: false };
        asserted(&self.answer("authentication"), passkey, &expected, true)
    }

    /// The passkey that its registration would have made, had the attestation been asked for.
    fn passkey(&self) -> Result<StoredPasskey, WebAuthnError> {
        let object = bytes(&self.0["registration"]["attestationObject"]);
        let name = b"hauthData";
        let start = object.windows(name.len()).position(|window| window == name).unwrap() + name.len();
        // A byte string with a length of one or two bytes.
        let header = if object[start] == 0x58 { 2 } else { 3 };
        let data = AuthenticatorData::read(&object[start + header..])?;
        let attested = data.attested.unwrap();
        Ok(StoredPasskey {
            user_id: ada(),
            credential_id: attested.credential_id,
            public_key: attested.public_key,
            sign_count: data.sign_count,
            is_backup_eligible: data.flags.is_backup_eligible(),
        })
    }
}

#[test]
fn the_specifications_examples_without_an_attestation_register_and_assert() {
    for name in ["none-es256", "packed-self-es256", "none-es256-long-credential-id"] {
        let vector = Vector::of(name);
        let passkey = vector.register().unwrap();
        assert_eq!(passkey.public_key.algorithm().unwrap().name(), "ES256");
        assert!(vector.assert(&stored(passkey)).is_ok(), "{name}");
    }
}

#[test]
fn the_specifications_keys_of_all_three_kinds_assert_but_register_only_without_a_certificate() {
    for (name, algorithm) in [
        ("packed-es256", "ES256"),
        ("packed-rs256", "RS256"),
        ("packed-eddsa", "EdDSA"),
        ("fido-u2f-es256", "ES256"),
    ] {
        let vector = Vector::of(name);
        assert_eq!(vector.register(), Err(WebAuthnError::Attestation), "{name}");
        let passkey = vector.passkey().unwrap();
        assert_eq!(passkey.public_key.algorithm().unwrap().name(), algorithm);
        assert!(vector.assert(&passkey).is_ok(), "{name}");
        let forged = with_part(&vector.answer("authentication"), "signature", |signature| {
            *signature.last_mut().unwrap() ^= 1;
        });
        let party = party("https://example.org");
        let challenge = vector.challenge("authentication");
        let expected = Expected { relying_party: &party, challenge, user_verified: false };
        assert_eq!(asserted(&forged, &passkey, &expected, true), Err(WebAuthnError::Signature), "{name}");
    }
}

#[test]
fn a_key_of_a_curve_that_was_not_asked_for_is_refused() {
    assert_eq!(Vector::of("packed-es384").register(), Err(WebAuthnError::Key));
}

#[test]
fn an_answer_from_within_a_frame_of_another_site_is_refused() {
    for name in ["none-es256-crossOrigin", "none-es256-topOrigin"] {
        let vector = Vector::of(name);
        assert_eq!(vector.register(), Err(WebAuthnError::WrongOrigin));
        assert_eq!(vector.assert(&vector.passkey().unwrap()), Err(WebAuthnError::WrongOrigin));
    }
}

#[test]
fn a_self_attestation_with_a_wrong_signature_is_refused() {
    let vector = Vector::of("packed-self-es256");
    // The signature stands before the authenticator's data.
    let forged = with_part(&vector.answer("registration"), "attestationObject", |object| object[60] ^= 1);
    let party = party("https://example.org");
    let challenge = vector.challenge("registration");
    let expected = Expected { relying_party: &party, challenge, user_verified: false };
    assert_eq!(registered(&forged, &expected), Err(WebAuthnError::Signature));
}

/// Ada's passkey, made on our page.
fn enrolled(url: &str) -> (VirtualAuthenticator, StoredPasskey, RelyingParty) {
    let party = party(url);
    let mut device = VirtualAuthenticator::on(url);
    let options = CreationOptions::new(&party, CHALLENGE, (&ada(), "ada@school.example", "Ada"), Vec::new());
    let answer = device.create(&serde_json::to_value(options).unwrap());
    let expected = Expected { relying_party: &party, challenge: CHALLENGE, user_verified: true };
    let passkey = registered(&answer, &expected).unwrap();
    (device, stored(passkey), party)
}

fn get(device: &mut VirtualAuthenticator, party: &RelyingParty) -> Value {
    device.get(&serde_json::to_value(RequestOptions::of_anybody(party, CHALLENGE)).unwrap())
}

fn expected(party: &RelyingParty) -> Expected<'_> {
    Expected { relying_party: party, challenge: CHALLENGE, user_verified: true }
}

#[test]
fn a_passkey_signs_in_where_it_was_made() {
    for url in ["https://app.school.example", "http://localhost:8787"] {
        let (mut device, passkey, party) = enrolled(url);
        let used = asserted(&get(&mut device, &party), &passkey, &expected(&party), false).unwrap();
        assert!(used.is_user_verified);
        assert_eq!(used.sign_count, 1);
    }
}

#[test]
fn an_answer_to_another_challenge_or_another_kind_of_ceremony_is_refused() {
    let (mut device, passkey, party) = enrolled("https://app.school.example");
    let answer = get(&mut device, &party);
    let other = Expected { challenge: "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", ..expected(&party) };
    assert_eq!(asserted(&answer, &passkey, &other, false), Err(WebAuthnError::WrongChallenge));
    let created = with_part(&answer, "clientDataJSON", |json| {
        *json = String::from_utf8(json.clone()).unwrap().replace("webauthn.get", "webauthn.create").into();
    });
    assert_eq!(asserted(&created, &passkey, &expected(&party), false), Err(WebAuthnError::WrongType));
}

#[test]
fn an_answer_that_another_site_got_is_refused() {
    let (device, passkey, ours) = enrolled("https://app.school.example");
    // Another host of the same domain may use the id, but it says so.
    let mut elsewhere = device.moved_to("https://evil.app.school.example");
    let answer = get(&mut elsewhere, &ours);
    assert_eq!(asserted(&answer, &passkey, &expected(&ours), false), Err(WebAuthnError::WrongOrigin));
    let other_port = party("https://app.school.example:8443");
    let mut device = device.moved_to("https://app.school.example");
    let answer = get(&mut device, &ours);
    assert_eq!(asserted(&answer, &passkey, &expected(&other_port), false), Err(WebAuthnError::WrongOrigin));
    // The id of the relying party is signed as well.
    let other_id = RelyingParty { id: "school.example".to_owned(), ..ours };
    assert_eq!(
        asserted(&answer, &passkey, &expected(&other_id), false),
        Err(WebAuthnError::WrongRelyingParty)
    );
}

#[test]
fn without_a_password_the_authenticator_must_have_verified_its_user() {
    let (mut device, passkey, party) = enrolled("https://app.school.example");
    device.verifies_its_user = false;
    let options = RequestOptions::of_known(&party, CHALLENGE, Vec::new());
    let answer = device.get(&serde_json::to_value(options).unwrap());
    assert_eq!(asserted(&answer, &passkey, &expected(&party), false), Err(WebAuthnError::UserNotVerified));
    let beside_a_password = Expected { user_verified: false, ..expected(&party) };
    let used = asserted(&answer, &passkey, &beside_a_password, true).unwrap();
    assert!(!used.is_user_verified);
}

#[test]
fn a_counter_that_did_not_grow_is_refused() {
    let (mut device, mut passkey, party) = enrolled("https://app.school.example");
    let answer = get(&mut device, &party);
    passkey.sign_count = asserted(&answer, &passkey, &expected(&party), false).unwrap().sign_count;
    assert_eq!(asserted(&answer, &passkey, &expected(&party), false), Err(WebAuthnError::Counter));
    let next = get(&mut device, &party);
    assert!(asserted(&next, &passkey, &expected(&party), false).is_ok());
}

#[test]
fn a_passkey_is_its_owners() {
    let (mut device, passkey, party) = enrolled("https://app.school.example");
    let mut answer = get(&mut device, &party);
    let eves =
        StoredPasskey { user_id: UserId::parse(&format!("usr_{:026}", 2)).unwrap(), ..passkey.clone() };
    assert_eq!(asserted(&answer, &eves, &expected(&party), true), Err(WebAuthnError::WrongUser));
    let other = StoredPasskey { credential_id: "AAAA".to_owned(), ..passkey.clone() };
    assert_eq!(asserted(&answer, &other, &expected(&party), true), Err(WebAuthnError::WrongUser));
    // A security key may leave the handle out when it was told whose passkeys are asked for.
    answer["response"]["userHandle"] = Value::Null;
    assert_eq!(asserted(&answer, &passkey, &expected(&party), false), Err(WebAuthnError::WrongUser));
    assert!(asserted(&answer, &passkey, &expected(&party), true).is_ok());
}

#[test]
fn flags_that_contradict_each_other_or_the_registration_are_refused() {
    let (mut device, passkey, party) = enrolled("https://app.school.example");
    let answer = get(&mut device, &party);
    let with_flags =
        |change: fn(u8) -> u8| with_part(&answer, "authenticatorData", |data| data[32] = change(data[32]));
    let verdict = |answer: &Value| asserted(answer, &passkey, &expected(&party), false);
    assert_eq!(verdict(&with_flags(|flags| flags & !0x01)), Err(WebAuthnError::UserNotPresent));
    assert_eq!(verdict(&with_flags(|flags| flags & !0x08 | 0x10)), Err(WebAuthnError::Flags));
    assert_eq!(verdict(&with_flags(|flags| flags ^ 0x08 & !0x10)), Err(WebAuthnError::Flags));
}

#[test]
fn no_bit_of_an_answer_can_be_changed() {
    let (mut device, passkey, party) = enrolled("https://app.school.example");
    let answer = get(&mut device, &party);
    for part in ["authenticatorData", "clientDataJSON", "signature"] {
        for bit in (0..bytes(&answer["response"][part]).len() * 8).step_by(5) {
            let changed = with_part(&answer, part, |data| data[bit / 8] ^= 1 << (bit % 8));
            assert!(asserted(&changed, &passkey, &expected(&party), false).is_err(), "{part}, bit {bit}");
        }
    }
}

#[test]
fn what_is_too_long_or_not_base64url_is_refused_unread() {
    let (mut device, passkey, party) = enrolled("https://app.school.example");
    let answer = get(&mut device, &party);
    for part in ["authenticatorData", "clientDataJSON", "signature"] {
        for wrong in ["", "!", "AAAA=", &"A".repeat(8193)] {
            let mut changed = answer.clone();
            changed["response"][part] = wrong.into();
            let verdict = asserted(&changed, &passkey, &expected(&party), false);
            assert_eq!(verdict, Err(WebAuthnError::Malformed(part)));
        }
    }
}

#[test]
fn options_are_what_browsers_parse() {
    let party = party("https://app.school.example");
    let options = CreationOptions::new(&party, CHALLENGE, (&ada(), "ada@school.example", "Ada"), Vec::new());
    let options = serde_json::to_value(options).unwrap();
    assert_eq!(
        options,
        json!({
            "rp": {"id": "app.school.example", "name": "ToolboxAI Edge"},
            "user": {
                "id": URL_SAFE_NO_PAD.encode(ada().as_str()), "name": "ada@school.example", "displayName": "Ada",
            },
            "challenge": CHALLENGE,
            "pubKeyCredParams": [
                {"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -8}, {"type": "public-key", "alg": -257},
            ],
            "timeout": 300_000,
            "excludeCredentials": [],
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
            },
            "attestation": "none",
        })
    );
    let options = serde_json::to_value(RequestOptions::of_anybody(&party, CHALLENGE)).unwrap();
    assert_eq!(
        options,
        json!({
            "challenge": CHALLENGE, "timeout": 300_000, "rpId": "app.school.example", "userVerification": "required",
        })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Foreign bytes end in a refusal, never in a panic.
    #[test]
    fn any_bytes_are_refused_or_read(
        at in any::<proptest::sample::Index>(),
        noise in proptest::collection::vec(any::<u8>(), 0..24),
        cut in any::<bool>(),
    ) {
        let vector = Vector::of("none-es256");
        let answer = with_part(&vector.answer("registration"), "attestationObject", |object| {
            let at = at.index(object.len());
            if cut {
                object.truncate(at);
            }
            object.splice(at..(at + noise.len()).min(object.len()), noise.iter().copied());
        });
        let party = party("https://example.org");
        let challenge = vector.challenge("registration");
        let expected = Expected { relying_party: &party, challenge, user_verified: false };
        drop(registered(&answer, &expected));
        drop(AuthenticatorData::read(&noise));
    }
}
