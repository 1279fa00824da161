/** Settings: defaults, where each value is taken from, and every fault at once. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Flags, readSettings, type Settings } from "../../src/cli/settings.ts";
import { formatFault } from "../../src/core/model/fault.ts";

type Environment = Readonly<Record<string, string>>;

function settings(environment: Environment, flags: Flags = {}): Settings {
  const read = readSettings(environment, flags);
  assert.ok(read.ok, JSON.stringify(read));
  return read.value;
}

function faults(environment: Environment, flags: Flags = {}): string[] {
  const read = readSettings(environment, flags);
  assert.ok(!read.ok, "expected faults");
  return read.faults.map(formatFault);
}

describe("settings with nothing configured", () => {
  it("are Prefect's own address, loopback, and everything embedded", () => {
    assert.deepEqual(settings({}), {
      host: "127.0.0.1",
      port: 4200,
      apiAuth: null,
      apiUrl: "http://127.0.0.1:4200/api",
      apiUrlFrom: null,
      dataFolder: "./.tripline",
      kafka: null,
      clickhouse: null,
      historyPort: 4201,
      historyUrl: "http://127.0.0.1:4201",
      prefix: "tripline",
      partitions: null,
      standbys: 0,
      topologyFile: null,
      variables: null,
      isDebugged: false,
    });
  });

  it("count an empty variable as not set, as compose files pass them on", () => {
    const empty = { TRIPLINE_PORT: "", KAFKA_BROKERS: "", TRIPLINE_API_AUTH: "", CLICKHOUSE_URL: "" };
    assert.deepEqual(settings(empty), settings({}));
  });
});

describe("where a setting is taken from", () => {
  const cases: readonly [string, Environment, Flags, Partial<Settings>][] = [
    [
      "the port leads to the API",
      { TRIPLINE_PORT: "4300" },
      {},
      { port: 4300, apiUrl: "http://127.0.0.1:4300/api" },
    ],
    [
      "a host flag comes before its variable",
      { TRIPLINE_HOST: "::1" },
      { host: "127.0.0.2" },
      { host: "127.0.0.2" },
    ],
    ["a flag comes before its variable", { TRIPLINE_PORT: "4300" }, { port: "4400" }, { port: 4400 }],
    [
      "Prefect's own address is used",
      { PREFECT_API_URL: "http://p:1/api" },
      {},
      { apiUrl: "http://p:1/api" },
    ],
    [
      "ours comes before Prefect's, its last slash left out",
      { PREFECT_API_URL: "http://p:1/api", TRIPLINE_API_URL: "https://t:2/api/" },
      {},
      { apiUrl: "https://t:2/api" },
    ],
    [
      "a flag comes before both",
      { TRIPLINE_API_URL: "http://t:2/api" },
      { apiUrl: "http://f:3/api" },
      { apiUrl: "http://f:3/api" },
    ],
    ["Prefect's credentials are used", { PREFECT_API_AUTH_STRING: "a:b" }, {}, { apiAuth: "a:b" }],
    [
      "our credentials come first",
      { PREFECT_API_AUTH_STRING: "a:b", TRIPLINE_API_AUTH: "c:d" },
      {},
      { apiAuth: "c:d" },
    ],
    [
      "another host is listened on, once there are credentials",
      { TRIPLINE_HOST: "0.0.0.0", TRIPLINE_API_AUTH: "c:d" },
      {},
      { host: "0.0.0.0" },
    ],
    [
      "history follows its port",
      { TRIPLINE_HISTORY_PORT: "4999" },
      {},
      { historyPort: 4999, historyUrl: "http://127.0.0.1:4999" },
    ],
    [
      "Kafka by several brokers",
      { KAFKA_BROKERS: "a:9092, b:9093,[::1]:9094" },
      {},
      { kafka: { brokers: ["a:9092", "b:9093", "[::1]:9094"], isEncrypted: false, sasl: null } },
    ],
    [
      "Kafka with credentials",
      {
        KAFKA_BROKERS: "a:1",
        KAFKA_SSL: "true",
        KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
        KAFKA_SASL_USERNAME: "u",
        KAFKA_SASL_PASSWORD: "p",
      },
      {},
      {
        kafka: {
          brokers: ["a:1"],
          isEncrypted: true,
          sasl: { mechanism: "scram-sha-512", username: "u", password: "p" },
        },
      },
    ],
    [
      "ClickHouse with its defaults",
      { CLICKHOUSE_URL: "http://ch:8123" },
      {},
      { clickhouse: { url: "http://ch:8123", user: "default", password: "", database: "tripline" } },
    ],
    [
      "the wiring",
      {
        TRIPLINE_PREFIX: "team.a",
        TRIPLINE_PARTITIONS: "24",
        TRIPLINE_STANDBY: "1",
        TRIPLINE_TOPOLOGY: "my.yaml",
        TRIPLINE_DATA: "/d",
        TRIPLINE_VARIABLES: "v.yaml",
      },
      {},
      {
        prefix: "team.a",
        partitions: 24,
        standbys: 1,
        topologyFile: "my.yaml",
        dataFolder: "/d",
        variables: "v.yaml",
      },
    ],
  ];
  for (const [claim, environment, flags, expected] of cases) {
    it(claim, () => {
      assert.deepEqual({ ...settings(environment, flags), ...expected }, settings(environment, flags));
    });
  }
});

describe("Kafka's encryption", () => {
  for (const [text, expected] of Object.entries({
    true: true,
    "1": true,
    TRUE: true,
    false: false,
    "0": false,
  })) {
    it(`is ${expected ? "on" : "off"} for ${text}`, () => {
      assert.equal(settings({ KAFKA_BROKERS: "a:1", KAFKA_SSL: text }).kafka?.isEncrypted, expected);
    });
  }
});

describe("settings that cannot be", () => {
  it("are told all at once, each by its name", () => {
    const told = faults({
      TRIPLINE_PORT: "70000",
      TRIPLINE_API_URL: "localhost:4200",
      TRIPLINE_PREFIX: "my prefix",
      TRIPLINE_PARTITIONS: "0",
      KAFKA_BROKERS: "broker,b:1",
      KAFKA_SSL: "yes",
      CLICKHOUSE_URL: "ch",
    });
    assert.deepEqual(told, [
      'TRIPLINE_PORT: expected a whole number from 0 to 65535; found "70000"',
      "TRIPLINE_API_URL: expected a URL as in http://127.0.0.1:4200/api",
      'KAFKA_SSL: expected true or false; found "yes"',
      'KAFKA_BROKERS: expected host:port, several separated by commas; found "broker"',
      "CLICKHOUSE_URL: expected a URL as in http://127.0.0.1:8123",
      'TRIPLINE_PREFIX: expected 1 to 100 letters, digits, dots, dashes and underscores, as in tripline; found "my prefix"',
      'TRIPLINE_PARTITIONS: expected a whole number from 1 to 10000; found "0"',
    ]);
  });

  it("name the flag where the flag is at fault", () => {
    assert.deepEqual(faults({ TRIPLINE_STANDBY: "2" }, { port: "http", standby: "one" }), [
      '--port: expected a whole number from 0 to 65535; found "http"',
      '--standby: expected a whole number from 0 to 100; found "one"',
    ]);
  });

  it("miss the brokers to whom the credentials belong", () => {
    const told = faults({ KAFKA_SASL_USERNAME: "u", KAFKA_SASL_PASSWORD: "hunter2" });
    assert.deepEqual(told, ["KAFKA_BROKERS: missing, although KAFKA_SASL_USERNAME is set"]);
  });

  it("tell which half of the credentials is missing, and never the other", () => {
    const told = faults({ KAFKA_BROKERS: "a:1", KAFKA_SASL_PASSWORD: "hunter2" });
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /^KAFKA_SASL_USERNAME: missing/);
    assert.doesNotMatch(told.join(), /hunter2/);
  });
});
