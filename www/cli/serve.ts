import { existsSync } from "node:fs";
import { type AddressInfo, isIPv6 } from "node:net";
import path from "node:path";
import { type Command, integer, Obstacle, UsageError } from "./command";
import { fileServer } from "./file-server";
import { note, print } from "./output";
import { PAGE } from "./page";

const PORT = 4173;

export const serve: Command = {
  help: `Serves the whole page from this machine: nothing is downloaded or compiled. Ends with Ctrl+C.

  npx resnet-web serve [options]

  --port N             the port; ${PORT} or the next free one if left out, any free one if 0
  --host NAME          the address to listen at; localhost if left out, 0.0.0.0 for other machines: there the page has no
                       threads, camera, kept files or offline use, which browsers allow at https: and localhost only
  --dir FOLDER         another folder to serve, such as one that \`site\` made
  --help               show this text
`,
  values: ["port", "host", "dir"],
  words: [0, 0],
  async run(call) {
    const { host = "localhost", dir = PAGE } = call.values;
    const port = integer(call, "port", [0, 65535]);
    if (!existsSync(path.join(dir, "index.html"))) {
      throw new UsageError(`There is no page in ${dir}: it has no index.html.`);
    }
    const server = fileServer(dir);
    await new Promise<void>((resolve, reject) => {
      let next = port ?? PORT;
      server.on("error", (error: NodeJS.ErrnoException) => {
        const isTaken = error.code === "EADDRINUSE" && port === undefined && next < PORT + 20;
        if (!isTaken) return reject(new Obstacle(`The port cannot be used: ${error.message}.`));
        next += 1;
        server.listen(next, host);
      });
      server.on("listening", resolve);
      server.listen(next, host);
    });
    print(addressOf(host, (server.address() as AddressInfo).port));
    note("Ctrl+C ends it.");
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    server.close();
    server.closeAllConnections();
    return 0;
  },
};

/** The page's address for a browser on this machine. */
export function addressOf(host: string, port: number): string {
  const isAnywhere = host === "0.0.0.0" || host === "::";
  const name = isIPv6(host) ? `[${host}]` : host;
  return `http://${isAnywhere ? "localhost" : name}:${port}/`;
}
