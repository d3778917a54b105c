// Serves the built pages under the policy that the windows have.

import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Partial<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The windows' own policy, as `tauri.conf.json` has it. */
export function policy(): string {
  const path = new URL("../../tauri.conf.json", import.meta.url);
  const { app } = JSON.parse(readFileSync(path, "utf8")) as { app: { security: { csp: Record<string, string> } } };
  return Object.entries(app.security.csp)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}

/** Begins to serve a folder; answers where. */
export async function serve(folder: string): Promise<{ server: Server; address: string }> {
  const headers = { "content-security-policy": policy() };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
    if (!path.startsWith(folder) || !existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { ...headers, "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}
