/** libsodium's sealed box: encrypted for whoever has the private key, by nobody in particular. */
import sodium from "libsodium-wrappers";
import { Failure } from "./step.mjs";

await sodium.ready;

/** `text` for the holder of `publicKey`; both keys and boxes are base64, as Open Cloud has them. */
export function seal(publicKey, text) {
  const key = Buffer.from(publicKey, "base64");
  if (key.length !== sodium.crypto_box_PUBLICKEYBYTES) {
    throw new Failure(`Roblox's public key has ${key.length} bytes, not ${sodium.crypto_box_PUBLICKEYBYTES}`);
  }
  return Buffer.from(sodium.crypto_box_seal(sodium.from_string(text), key)).toString("base64");
}
