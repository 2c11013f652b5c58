import { command } from "../tools/lib/command.mjs";
import { estimateTables } from "./lib/estimate.mjs";

const help = `
Prints the tables of docs/gpu-estimate.md: what the networks read, write and multiply, compared with the
published figures of some GPUs. Nothing is measured.

  node bench/gpu-estimate.mjs

  --help   show this text
`;

await command({ help, main: () => console.log(estimateTables().join("\n\n")) });
