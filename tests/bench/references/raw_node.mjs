// The least that can be done with Node's own http module: what is PUT is written to every open stream, from memory.
// `node raw_node.mjs PORT`
import http from "node:http";

const pages = new Set();
let revision = 0;

function event(id, progress) {
  revision += 1;
  const body = {
    type: "progress",
    id,
    progress,
    progressLastReportTime: new Date().toISOString(),
    state: "printing",
    remainingSeconds: null,
    layer: null,
    totalLayers: null,
    revision,
  };
  return `id: pf-0123abcd:${revision}\nevent: message\ndata: ${JSON.stringify(body)}\n\n`;
}

function listen(request, response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.write("event: stream-open\ndata:\n\n");
  pages.add(response);
  request.on("close", () => pages.delete(response));
}

function put(request, response) {
  const id = request.url.split("/")[3];
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (piece) => (text += piece));
  request.on("end", () => {
    const piece = Buffer.from(event(id, JSON.parse(text).progress));
    for (const page of pages) page.write(piece);
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": 16 });
    response.end('{"success":true}');
  });
}

http
  .createServer((request, response) => (request.method === "GET" ? listen : put)(request, response))
  .listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
