import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { credentialsIn } from "../../tools/lib/registry.mjs";
import { temporaryFolder } from "./temporary-folder.mjs";

test("credentials are read from npmrc files, the later file winning", (t) => {
  const folder = temporaryFolder(t);
  const file = (name, text) => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how npmrc names a variable
  const fromVariable = '"${TOKEN}"';
  const files = [
    file("global", "//packages.test/:_authToken=old\nregistry=https://packages.test/\n"),
    path.join(folder, "not-there"),
    undefined,
    file(
      "user",
      `; a note\n//packages.test/:_authToken = ${fromVariable}\n//other.test/a/:_auth=QQ==`,
    ),
  ];
  assert.deepEqual(credentialsIn(files, { TOKEN: "new" }), {
    "//packages.test/:_authToken": "new",
    "//other.test/a/:_auth": "QQ==",
  });
});
