/** Bodies that are no JSON: where they are bad, as Prefect's server says it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGateway } from "../../src/gateway/gateway.ts";
import { memoryPorts } from "./memory-ports.ts";

describe("a body that is no JSON", () => {
  const cases: readonly [string, number][] = [
    ["{", 1],
    ["{'a': 1}", 1],
    ["[1, 2", 5],
    ["nope", 1],
    ["[true, nope]", 8],
    [`[${"1, ".repeat(50)}nope, 1, 2, 3, 4, 5, 6]`, 152],
    ['{"a": 1}}', 8],
  ];
  for (const [body, position] of cases) {
    it(`is told the place: ${body.slice(0, 20)}`, async () => {
      const app = createGateway(memoryPorts(), { auth: null, log: () => {} });
      const response = await app.request("/api/events", { method: "POST", body });
      const {
        exception_detail: [fault],
      } = JSON.parse(await response.text());
      const { error, ...ctx } = fault.ctx;
      assert.deepEqual([response.status, ctx], [422, {}]);
      assert.deepEqual(
        [fault.type, fault.msg, fault.loc],
        ["json_invalid", "JSON decode error", ["body", position]],
      );
      assert.ok(error.length > 5 && !error.includes("position"), error);
    });
  }
});
