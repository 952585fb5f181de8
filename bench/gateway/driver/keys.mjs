// Keys of the form that Tollgate makes: prefix, 30 random characters, CRC-32C of both in base62.
import { createHash, randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const table = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1;
  return n >>> 0;
});

function checksum(text) {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) crc = table[(crc ^ text.charCodeAt(i)) & 0xff] ^ (crc >>> 8);
  crc = ~crc >>> 0;
  let digits = "";
  for (let i = 0; i < 6; i++, crc = Math.floor(crc / 62)) digits = alphabet[crc % 62] + digits;
  return digits;
}

export function newKey() {
  const body = "tg_live_" + Array.from(randomBytes(30), (byte) => alphabet[byte % 62]).join("");
  return body + checksum(body);
}

export const digest = (key) => createHash("sha256").update(key).digest("hex");
