//! A browser and its authenticator: 1Password's implementation of both, which knows nothing of ours.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::executor::block_on;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData, WebauthnError};
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use passkey::types::webauthn::{CredentialCreationOptions, CredentialRequestOptions};
use public_suffix::PublicSuffixList;
use serde_json::{Value, json};
use url::Url;

/// Somebody who touches the authenticator, and whom it knows or not.
struct Somebody {
    is_known: bool,
}

#[async_trait]
impl UserValidationMethod for Somebody {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _: UiHint<'a, Passkey>,
        presence: bool,
        _: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence, verification: self.is_known })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// A device with room for one passkey.
pub struct VirtualAuthenticator {
    passkey: Option<Passkey>,
    origin: Url,
    /// Whether it checks who touches it.
    pub verifies_its_user: bool,
}

impl VirtualAuthenticator {
    /// In a browser that shows this page.
    pub fn on(page: &str) -> Self {
        Self { passkey: None, origin: Url::parse(page).unwrap(), verifies_its_user: true }
    }

    /// The same passkey in a browser that shows another page.
    pub fn moved_to(&self, page: &str) -> Self {
        Self {
            passkey: self.passkey.clone(),
            origin: Url::parse(page).unwrap(),
            verifies_its_user: self.verifies_its_user,
        }
    }

    fn with_client<T>(
        &mut self,
        act: impl AsyncFnOnce(&mut RustClient, Url) -> Result<T, WebauthnError>,
    ) -> Result<T, WebauthnError> {
        let somebody = Somebody { is_known: self.verifies_its_user };
        let passkey = self.passkey.take();
        let mut authenticator = Authenticator::new(Aaguid::new_empty(), passkey, somebody, RustCryptoBackend);
        authenticator.set_make_credentials_with_signature_counter(true);
        let mut client = Client::new(authenticator)
            .allows_insecure_localhost(true)
            .user_verification_when_preferred(self.verifies_its_user);
        let result = block_on(act(&mut client, self.origin.clone()));
        self.passkey.clone_from(client.authenticator().store());
        result
    }

    /// `navigator.credentials.create()`, from and to JSON.
    pub fn create(&mut self, options: &Value) -> Value {
        let options: CredentialCreationOptions =
            serde_json::from_value(json!({"publicKey": options})).unwrap();
        let made = self
            .with_client(async |client, origin| client.register(origin, options, DefaultClientData).await);
        let made = made.unwrap();
        json!({
            "id": made.id,
            "rawId": made.id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&made.response.client_data_json),
                "attestationObject": encode(&made.response.attestation_object),
                "transports": made.response.transports,
            },
        })
    }

    /// `navigator.credentials.get()`, from and to JSON.
    pub fn get(&mut self, options: &Value) -> Value {
        let options: CredentialRequestOptions =
            serde_json::from_value(json!({"publicKey": options})).unwrap();
        let used = self.with_client(async |client, origin| {
            client.authenticate(origin, options, DefaultClientData).await
        });
        let used = used.unwrap();
        json!({
            "id": used.id,
            "rawId": used.id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&used.response.client_data_json),
                "authenticatorData": encode(&used.response.authenticator_data),
                "signature": encode(&used.response.signature),
                "userHandle": used.response.user_handle.as_ref().map(|handle| encode(handle)),
            },
        })
    }
}

type RustClient = Client<Option<Passkey>, Somebody, RustCryptoBackend, PublicSuffixList, ()>;

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
