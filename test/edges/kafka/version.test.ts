/** In a file, and so in a process, of its own: it leaves kafkajs unusable. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";

const require = createRequire(import.meta.url);

describe("a log where another version of kafkajs is installed", () => {
  it("does not open, and says which version it needs", async () => {
    const installed: { version: string } = require("kafkajs/package.json");
    for (const version of ["2.3.0-beta.3", "2.2.3", "3.0.0"]) {
      installed.version = version;
      const settings = { brokers: ["127.0.0.1:1"], clientId: "test", clockTopic: "test-clock" };
      await assert.rejects(openKafkaLog(settings), {
        message: new RegExp(`^kafkajs ${version} is installed, .+ kafkajs@2\\.2\\.4`),
      });
    }
  });
});
