// A server of before there was compression: it offers none, and refuses a body that is compressed.

import type { HttpServer } from "../../src/platform/http-server.ts";

const OFFER = "Accept-Encoding";

export function olderServer(http: HttpServer): HttpServer {
  return {
    listen(options, handle) {
      const at = options.fields.indexOf(OFFER);
      const fields = options.fields.toSpliced(at, 2);
      return http.listen({ ...options, fields }, (exchange) => {
        if (exchange.fields.includes("content-encoding")) exchange.answer(415, [], undefined, true);
        else handle(exchange);
      });
    },
  };
}
