import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
