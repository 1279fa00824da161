/** A server that is away is not the fault of the question. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openHistory } from "../../../src/edges/clickhouse/clickhouse.ts";
import { HistoryAway } from "../../../src/runtime/ports.ts";

describe("a ClickHouse server that does not answer", () => {
  it("is named, and no question is blamed", async () => {
    const history = await openHistory({ url: "http://127.0.0.1:1" });
    try {
      await assert.rejects(history.query("select 1"), (error) => {
        assert.ok(error instanceof HistoryAway);
        assert.equal(error.message, "ClickHouse (CLICKHOUSE_URL) does not answer");
        return true;
      });
    } finally {
      await history.close();
    }
  });
});
