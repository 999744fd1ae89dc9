const http = require("node:http");

http.createServer((_, answer) => answer.end("Hello, world!\n")).listen(8080);
