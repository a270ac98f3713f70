//! An authenticator in software, which does what it is asked as WebAuthn says, or what a test has it do wrong: one passkey on P-256, without
//! attestation.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// Somebody was there.
const PRESENT: u8 = 0x01;
/// It was the person whose it is.
const VERIFIED: u8 = 0x04;
/// A new key follows.
const NEW_KEY: u8 = 0x40;

pub struct Authenticator {
    key: EcdsaKeyPair,
    /// What it calls its passkey.
    pub credential: Vec<u8>,
    /// The page that the browser is on.
    pub origin: String,
    /// The relying party that the browser tells it.
    pub relying_party: String,
    /// How often it signed.
    pub count: u32,
    /// By how much that grows each time.
    pub step: u32,
    /// Whether it makes sure of the person.
    pub verifies: bool,
    /// Whose its passkey is, as the site said.
    pub handle: Option<Vec<u8>>,
}

fn coded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().expect("a text")).expect("base64url")
}

/// A byte string in CBOR, of fewer than 65 536 bytes.
fn cbor(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0x59], &length[..], bytes].concat()
}

impl Authenticator {
    pub fn at(origin: &str, relying_party: &str) -> Authenticator {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pair.as_ref(), &random).unwrap();
        let credential = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        let (origin, relying_party) = (origin.into(), relying_party.into());
        Authenticator { key, credential, origin, relying_party, count: 0, step: 1, verifies: true, handle: None }
    }

    /// What the browser says of the page, as the site reads it.
    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let said =
            json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false});
        said.to_string().into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let party = digest(&SHA256, self.relying_party.as_bytes());
        [party.as_ref(), &[PRESENT | verified | flags], &self.count.to_be_bytes()[..]].concat()
    }

    /// What it calls its passkey, as browsers and sites write it to each other.
    pub fn id(&self) -> String {
        coded(&self.credential)
    }

    fn answer(&self, response: Value) -> String {
        let id = self.id();
        json!({"id": id, "rawId": id, "type": "public-key", "response": response}).to_string()
    }

    /// Makes its passkey, as `navigator.credentials.create()`.
    pub fn create(&mut self, options: &Value) -> String {
        self.handle = Some(decoded(&options["user"]["id"]));
        let point = self.key.public_key().as_ref();
        let (x, y) = (&point[1..33], &point[33..]);
        // {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
        let key = [&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat();
        let length = u16::try_from(self.credential.len()).unwrap().to_be_bytes();
        let data = [&self.data(NEW_KEY)[..], &[0; 16], &length, &self.credential, &key].concat();
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData", &cbor(&data)[..]].concat();
        let client = self.client_data("webauthn.create", options);
        self.answer(json!({"clientDataJSON": coded(&client), "attestationObject": coded(&object)}))
    }

    /// Signs what it is asked with its passkey, as `navigator.credentials.get()`.
    pub fn get(&mut self, options: &Value) -> String {
        self.count += self.step;
        let (data, client) = (self.data(0), self.client_data("webauthn.get", options));
        let signed = [&data[..], digest(&SHA256, &client).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let handle = self.handle.as_deref().map(coded);
        self.answer(json!({"clientDataJSON": coded(&client), "authenticatorData": coded(&data),
            "signature": coded(signature.as_ref()), "userHandle": handle}))
    }
}
